# One image for worker, door and console. The code is copied and run, never installed as a package.
FROM python:3.12.13-slim-bookworm AS build
COPY requirements/runtime.txt /tmp/runtime.txt
RUN python -m venv --without-pip /venv \
 && pip --python /venv/bin/python install --no-cache-dir --disable-pip-version-check --require-hashes -r /tmp/runtime.txt
WORKDIR /app
COPY remediation remediation
COPY workflows workflows
COPY activities activities
COPY starter starter
COPY simulator simulator
COPY cli cli
COPY worker.py medic.yaml ./
# The file system is read-only where it runs: what is not compiled here is compiled at every start.
RUN python -m compileall -q .

FROM python:3.12.13-slim-bookworm
LABEL org.opencontainers.image.title="cvm-medic" \
      org.opencontainers.image.description="Durable, proven self-healing for Tencent Cloud CVM instances" \
      org.opencontainers.image.version="0.1.0"
RUN groupadd --system --gid 10001 medic \
 && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin medic
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
ENTRYPOINT ["python", "-m", "cli"]
CMD ["worker"]
# Of the worker, the command above; what serves is asked by `health door` (docker-compose.yml).
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s --retries=3 CMD ["python", "-m", "cli", "health", "worker"]
