"""The channels of medic.yaml: groups of people, and the places where they are reached."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, SecretStr, WithJsonSchema, field_validator, model_validator

from remediation.models import Written
from remediation.named_secrets import VARIABLE
from remediation.zones import zone_named

_A_URL = {"type": "string", "pattern": rf"^(https?://|{VARIABLE.pattern})"}
SecretUrl = Annotated[SecretStr, WithJsonSchema(_A_URL)]
Kind = Literal["webhook", "mail", "wecom", "feishu", "dingtalk", "apprise"]
KINDS: tuple[Kind, ...] = ("webhook", "mail", "wecom", "feishu", "dingtalk", "apprise")
_SIGNED = ("feishu", "dingtalk")
# Whose robots these are: they take nobody else's JSON, and say 200 also to what they throw away.
_ROBOTS: dict[str, Kind] = {
    "qyapi.weixin.qq.com": "wecom",
    "open.feishu.cn": "feishu",
    "open.larksuite.com": "feishu",
    "oapi.dingtalk.com": "dingtalk",
}
# What apprise calls these; it looks at the HTTP status alone.
_LOST_BY_APPRISE: dict[str, Kind] = {
    "wecombot": "wecom",
    "feishu": "feishu",
    "lark": "feishu",
    "dingtalk": "dingtalk",
}


def host_of(url: str) -> str:
    """The host alone, in lower case, without port and user; "" if the URL names none, or one that cannot be."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""
    return host if all(host.split(".")) else ""


class Address(Written):
    """One place where a notice is delivered; exactly one of `KINDS`."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": [kind]} for kind in KINDS],
            "dependentSchemas": {"secret": {"anyOf": [{"required": [kind]} for kind in _SIGNED]}},
        }
    )

    webhook: SecretUrl | None = Field(
        default=None, description="a URL that takes a JSON POST; it is a secret: name it, as in ${ONCALL_WEBHOOK}"
    )
    mail: (
        Annotated[
            str,
            Field(pattern=r"^[^@\s]+@[^@\s]+$"),
            WithJsonSchema({"type": "string", "pattern": rf"^([^@\s]+@[^@\s]+|\S*{VARIABLE.pattern}\S*)$"}),
        ]
        | None
    ) = Field(default=None, repr=False, description="a mailbox, as in oncall@example.com; needs MEDIC_SMTP")
    wecom: SecretUrl | None = Field(default=None, description="the URL of a WeCom group's robot, as in ${WECOM_ROBOT}")
    feishu: SecretUrl | None = Field(
        default=None, description="the URL of a Feishu or Lark group's robot, as in ${FEISHU_ROBOT}"
    )
    dingtalk: SecretUrl | None = Field(
        default=None, description="the URL of a DingTalk group's robot, as in ${DINGTALK_ROBOT}"
    )
    apprise: Annotated[SecretStr, WithJsonSchema({"type": "string", "minLength": 1})] | None = Field(
        default=None, description="a URL of apprise, for every other service; needs its package"
    )
    secret: Annotated[SecretStr, WithJsonSchema({"type": "string", "minLength": 1})] | None = Field(
        default=None, description="what a feishu or dingtalk robot wants to be signed with, as in ${DINGTALK_SECRET}"
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Address:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(f"an address is exactly one of {', '.join(KINDS)}: write two as two lines of `to`")
        if self.secret is not None and self.kind not in _SIGNED:
            raise ValueError(f"`secret` belongs to `feishu` or `dingtalk`: `{self.kind}` signs nothing")
        if self.secret is not None and not self.secret.get_secret_value():
            raise ValueError("`secret` is empty: write it, or leave the key out")
        if self.mail is None:
            self._check_url(self.url)
        return self

    def _check_url(self, url: str) -> None:
        if self.kind == "apprise":
            kind, scheme = _LOST_BY_APPRISE.get(url.partition("://")[0].lower()), "apprise"
            if "://" not in url:
                raise ValueError("apprise takes a URL of its own form, as in json://host/path")
        else:
            if not url.startswith(("http://", "https://")):
                raise ValueError(f"`{self.kind}` is a URL that begins with https:// or http://")
            kind, scheme = _ROBOTS.get(host_of(url), self.kind), self.kind
        if kind is not None and kind != scheme:
            raise ValueError(f"this is a robot that takes nothing from `{self.kind}`: write `{kind}: URL`")

    @property
    def kind(self) -> Kind:
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def url(self) -> str:
        """Where to, in plain text: a secret. Empty for a mailbox."""
        value = getattr(self, self.kind)
        return value.get_secret_value() if isinstance(value, SecretStr) else ""


class Channel(Written):
    """A group of people, the language they read, and where they are reached."""

    locale: Literal["zh", "en"] = Field(default="en", description="the language of its notices")
    zone: str = Field(
        default="Asia/Shanghai", description="the time zone of its notices, by its IANA name, as in Europe/Berlin"
    )
    to: tuple[Address, ...] = Field(min_length=1, max_length=10, description="each of these gets every notice")

    @field_validator("zone")
    @classmethod
    def _is_there(cls, value: str) -> str:
        zone_named(value)
        return value
