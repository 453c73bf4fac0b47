# One image for worker, door and console. The code is copied and run, never installed as a package.
FROM python:3.12-slim
WORKDIR /app
ENV PYTHONPATH=/app PYTHONUNBUFFERED=1
COPY requirements/runtime.txt requirements/runtime.txt
RUN pip install --no-cache-dir --require-hashes -r requirements/runtime.txt
COPY remediation remediation
COPY workflows workflows
COPY activities activities
COPY starter starter
COPY simulator simulator
COPY cli cli
COPY worker.py medic.yaml ./
USER nobody
ENTRYPOINT ["python", "-m", "cli"]
CMD ["--help"]
