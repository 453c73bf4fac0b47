"""The webhook: whom it lets in, how long it waits, and what it says when it breaks."""

from __future__ import annotations

from tests.sabotage.bug import Bug

_AUTHORISATION = "starter/authorisation.py"
_LIMITS = "starter/limits.py"
_PURE = "tests/starter/test_authorisation.py"
_SIGNED = "tests/starter/test_signed_events.py"
_SLOW = "tests/starter/test_limits.py"

DOORS = (
    Bug(
        "a-signature-is-not-looked-at",
        "P14",
        "starter/webhook.py",
        "                signed.verify(body)\n",
        "                pass\n",
        (f"{_SIGNED}::test_a_signed_request_that_is_changed_anywhere_is_refused",),
    ),
    Bug(
        "a-signature-is-looked-at-after-the-body-was-parsed",
        "P14",
        "starter/webhook.py",
        "            if signed is not None:\n",
        "            read_json(body)\n            if signed is not None:\n",
        (f"{_SIGNED}::test_what_is_wrongly_signed_is_refused_before_it_is_parsed_and_the_answer_says_how",),
    ),
    Bug(
        "a-signature-is-good-for-ever",
        "P2",
        _AUTHORISATION,
        "if abs(now - int(timestamp)) > WINDOW_SECONDS:",
        "if int(timestamp) - now > WINDOW_SECONDS:",
        (f"{_PURE}::test_a_stale_signature_and_one_of_the_future_are_refused",),
    ),
    Bug(
        "a-signature-covers-the-body-alone",
        "P2",
        _AUTHORISATION,
        'timestamp + b"." + body',
        "body",
        (f"{_PURE}::test_a_forged_signature_is_refused_and_no_secret_is_told",),
    ),
    Bug(
        "the-last-of-two-headers-counts",
        "P14",
        _AUTHORISATION,
        "    return [value for key, value in headers if key == name]",
        "    return [value for key, value in headers if key == name][-1:]",
        (f"{_PURE}::test_a_header_that_is_there_twice_is_refused_since_nobody_knows_which_one_a_proxy_looked_at",),
    ),
    Bug(
        "tokens-are-compared-as-text",
        "P7",
        _AUTHORISATION,
        "hmac.compare_digest(value.strip(), token.get_secret_value().encode())",
        'hmac.compare_digest(value.strip().decode("latin-1"), token.get_secret_value())',
        ("tests/starter/test_webhook.py::test_a_wrong_token_is_refused_before_anything_is_read",),
    ),
    Bug(
        "with-keys-alone-a-request-without-any-is-let-in",
        "P14",
        _AUTHORISATION,
        "    if token is None and not keys:\n",
        "    if token is None:\n",
        (f"{_PURE}::test_a_forged_signature_is_refused_and_no_secret_is_told",),
    ),
    Bug(
        "a-body-may-take-for-ever",
        "P11",
        _LIMITS,
        "asyncio.wait_for(_whole(request, limits.body_bytes), limits.body_seconds)",
        "_whole(request, limits.body_bytes)",
        (f"{_SLOW}::test_a_body_that_trickles_in_is_ended_with_408",),
    ),
    Bug(
        "a-head-may-take-for-ever",
        "P11",
        _LIMITS,
        "            super().connection_made(transport)\n            self._wait()\n",
        "            super().connection_made(transport)\n",
        (f"{_SLOW}::test_a_head_that_does_not_come_is_ended_with_408",),
    ),
    Bug(
        "a-body-that-nobody-reads-may-take-for-ever",
        "P11",
        _LIMITS,
        "            super().on_response_complete()\n            self._wait()\n",
        "            super().on_response_complete()\n",
        (f"{_SLOW}::test_what_trickles_in_after_its_answer_holds_the_connection_no_longer",),
    ),
    Bug(
        "a-redirection-is-made-of-the-senders-host",
        "P7",
        "starter/webhook.py",
        "    application.router.redirect_slashes = False\n",
        "",
        (f"{_SLOW}::test_odd_paths_and_hosts_break_nothing_and_redirect_nobody",),
    ),
    Bug(
        "an-answer-shows-the-exception",
        "P7",
        "starter/answers.py",
        "this is a mistake of ours; the log has it under {mistake}",
        "{error!r} {mistake}",
        (f"{_SLOW}::test_what_nobody_expected_is_answered_with_an_id_that_is_in_the_log_and_no_stack_trace",),
    ),
    Bug(
        "a-wrong-key-is-shown-in-the-error",
        "P7",
        "remediation/settings.py",
        're.compile("TOKEN|KEYS|SMTP")',
        're.compile("TOKEN|SMTP")',
        ("tests/remediation/test_settings.py::test_a_key_that_cannot_be_right_is_refused_and_not_shown",),
    ),
)
