# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The authentication methods of one user: all can be read, phones and email addresses also written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from . import documents, odata
from .documents import ALL_USERS, EMAIL, METADATA, METHOD_IDS, ODATA_TYPE, PASSWORD, PHONE
from .messages import Answer, Call, RefusedError
from .odata import route
from .schema import TEXT, Choice, Record
from .state import Tenant

_WRITERS = frozenset(
    {"Authentication Administrator", "Privileged Authentication Administrator", "Global Administrator"}
)
_WRITE = {"UserAuthenticationMethod.ReadWrite.All"}
_READ = {"UserAuthenticationMethod.Read.All", *_WRITE}

_NUMBER = re.compile(r"\+\d{1,3} \d{4,14}(x\d+)?")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE_TYPE = Choice(("mobile", "alternateMobile", "office"))
_NEW_PHONE = Record({"phoneNumber": TEXT, "phoneType": _PHONE_TYPE}, required=("phoneNumber", "phoneType"))
_CHANGED_PHONE = Record({"phoneNumber": TEXT, "phoneType": _PHONE_TYPE}, required=("phoneNumber",))
_ADDRESSED = Record({"emailAddress": TEXT}, required=("emailAddress",))

Method = dict[str, Any]


def methods_of(tenant: Tenant, person: Mapping[str, Any]) -> list[Method]:
    """What a user has registered; the password, which everyone has, is not among it."""
    return tenant.user_methods.get(person["id"], [])


def _all(tenant: Tenant, call: Call, name: str) -> Answer:
    person = _known(tenant, name)
    password = {
        ODATA_TYPE: PASSWORD,
        "id": METHOD_IDS[PASSWORD],
        "password": None,
        "createdDateTime": "2023-09-18T10:38:07Z",
    }
    shown = [{ODATA_TYPE: method[ODATA_TYPE], **_show(tenant, person, method)} for method in methods_of(tenant, person)]
    return _listed(name, "methods", [password, *shown])


def _list(kind: str, collection: str) -> Any:
    def answer(tenant: Tenant, call: Call, name: str) -> Answer:
        person = _known(tenant, name)
        found = [method for method in methods_of(tenant, person) if method[ODATA_TYPE] == kind]
        return _listed(name, collection, [_show(tenant, person, method) for method in found])

    return answer


def _one(kind: str, collection: str) -> Any:
    def answer(tenant: Tenant, call: Call, name: str, method_id: str) -> Answer:
        person = _known(tenant, name)
        return _entity(200, name, collection, _show(tenant, person, _existing(tenant, person, kind, method_id)))

    return answer


def _add_phone(tenant: Tenant, call: Call, name: str) -> Answer:
    person = _known(tenant, name)
    sent = odata.body(call, _NEW_PHONE)
    types = {method["phoneType"] for method in methods_of(tenant, person) if method[ODATA_TYPE] == PHONE}
    if sent["phoneType"] in types:
        raise _refused(f"The user already has a {sent['phoneType']} phone.")
    if sent["phoneType"] == "alternateMobile" and "mobile" not in types:
        raise _refused("An alternate mobile phone needs a mobile phone.")
    method = {ODATA_TYPE: PHONE, "id": METHOD_IDS[sent["phoneType"]], **_checked_number(sent)}
    _store(tenant, person, [*methods_of(tenant, person), method])
    return _entity(201, name, "phoneMethods", _show(tenant, person, method))


def _change_phone(tenant: Tenant, call: Call, name: str, method_id: str) -> Answer:
    person = _known(tenant, name)
    method = _existing(tenant, person, PHONE, method_id)
    sent = odata.body(call, _CHANGED_PHONE)
    if sent.get("phoneType", method["phoneType"]) != method["phoneType"]:
        raise _refused("The type of a phone cannot be changed.")
    _replace(tenant, person, method, {**method, **_checked_number(sent)})
    return Answer(204)


def _delete_phone(tenant: Tenant, call: Call, name: str, method_id: str) -> Answer:
    person = _known(tenant, name)
    method = _existing(tenant, person, PHONE, method_id)
    types = {other.get("phoneType") for other in methods_of(tenant, person)}
    if method["phoneType"] == "mobile" and "alternateMobile" in types:
        raise _refused("The mobile phone cannot be deleted while there is an alternate mobile phone.")
    if method["phoneType"] == person.get("defaultMfaPhone"):
        raise _refused("The user's default method of multifactor authentication cannot be deleted.")
    _replace(tenant, person, method, None)
    return Answer(204)


def _add_email(tenant: Tenant, call: Call, name: str) -> Answer:
    person = _known(tenant, name)
    sent = _checked_address(odata.body(call, _ADDRESSED))
    if any(method[ODATA_TYPE] == EMAIL for method in methods_of(tenant, person)):
        raise _refused("The user already has an email method.")
    method = {ODATA_TYPE: EMAIL, "id": METHOD_IDS[EMAIL], **sent}
    _store(tenant, person, [*methods_of(tenant, person), method])
    return _entity(201, name, "emailMethods", _show(tenant, person, method))


def _change_email(tenant: Tenant, call: Call, name: str, method_id: str) -> Answer:
    person = _known(tenant, name)
    method = _existing(tenant, person, EMAIL, method_id)
    _replace(tenant, person, method, {**method, **_checked_address(odata.body(call, _ADDRESSED))})
    return Answer(204)


def _delete_email(tenant: Tenant, call: Call, name: str, method_id: str) -> Answer:
    person = _known(tenant, name)
    _replace(tenant, person, _existing(tenant, person, EMAIL, method_id), None)
    return Answer(204)


_PATH = "users/(?P<name>[^/]+)/authentication"
_ID = "(?P<method_id>[^/]+)"
ROUTES = (
    route("GET", f"{_PATH}/methods", _READ, _all),
    route("GET", f"{_PATH}/phoneMethods", _READ, _list(PHONE, "phoneMethods")),
    route("POST", f"{_PATH}/phoneMethods", _WRITE, _add_phone, writers=_WRITERS),
    route("GET", f"{_PATH}/phoneMethods/{_ID}", _READ, _one(PHONE, "phoneMethods")),
    route("PATCH", f"{_PATH}/phoneMethods/{_ID}", _WRITE, _change_phone, writers=_WRITERS),
    route("DELETE", f"{_PATH}/phoneMethods/{_ID}", _WRITE, _delete_phone, writers=_WRITERS),
    route("GET", f"{_PATH}/emailMethods", _READ, _list(EMAIL, "emailMethods")),
    route("POST", f"{_PATH}/emailMethods", _WRITE, _add_email, writers=_WRITERS),
    route("GET", f"{_PATH}/emailMethods/{_ID}", _READ, _one(EMAIL, "emailMethods")),
    route("PATCH", f"{_PATH}/emailMethods/{_ID}", _WRITE, _change_email, writers=_WRITERS),
    route("DELETE", f"{_PATH}/emailMethods/{_ID}", _WRITE, _delete_email, writers=_WRITERS),
)


def _known(tenant: Tenant, name: str) -> dict[str, Any]:
    person = tenant.person(name)
    if person is None:
        raise odata.missing(name)
    return person


def _existing(tenant: Tenant, person: Mapping[str, Any], kind: str, method_id: str) -> Method:
    for method in methods_of(tenant, person):
        if method[ODATA_TYPE] == kind and method["id"].lower() == method_id.lower():
            return method
    raise RefusedError(404, "resourceNotFound", f"The user has no authentication method '{method_id}'.")


def _replace(tenant: Tenant, person: Mapping[str, Any], method: Method, other: Method | None) -> None:
    kept = [other if known is method else known for known in methods_of(tenant, person)]
    _store(tenant, person, [known for known in kept if known is not None])


def _store(tenant: Tenant, person: Mapping[str, Any], methods: list[Method]) -> None:
    tenant.user_methods[person["id"]] = methods


def _checked_number(sent: dict[str, Any]) -> dict[str, Any]:
    if not _NUMBER.fullmatch(sent["phoneNumber"]):
        raise _refused("The phone number must be like '+1 2065555555', with a space after the country code.")
    return sent


def _checked_address(sent: dict[str, Any]) -> dict[str, Any]:
    if not _ADDRESS.fullmatch(sent["emailAddress"]):
        raise _refused("The email address is not valid.")
    return sent


def _refused(message: str) -> RefusedError:
    # Which code the service gives here is published nowhere.
    return RefusedError(400, "invalidRequest", message)


def _show(tenant: Tenant, person: Mapping[str, Any], method: Method) -> dict[str, Any]:
    shown = {name: value for name, value in method.items() if name != ODATA_TYPE}
    if method[ODATA_TYPE] == PHONE:
        shown["smsSignInState"] = method.get("smsSignInState", _sms_sign_in(tenant, person, method))
        if tenant.mask_phone_numbers:
            shown["phoneNumber"] = mask(method["phoneNumber"])
    return shown


def mask(number: str) -> str:
    """All digits but the country code and the last two hidden."""
    code, _blank, rest = number.partition(" ")
    return f"{code} {'X' * (len(rest) - 2)}{rest[-2:]}"


def _sms_sign_in(tenant: Tenant, person: Mapping[str, Any], method: Method) -> str:
    if method["phoneType"] != "mobile":
        return "notSupported"
    sms = tenant.configurations.get("Sms", documents.configurations()["Sms"])
    usable = {target["id"].lower() for target in sms["includeTargets"] if target.get("isUsableForSignIn")}
    groups = {group["id"].lower() for group in tenant.groups_of(person["id"])} if usable else set()
    if sms["state"] != "enabled" or not usable & {ALL_USERS, *groups}:
        return "notAllowedByPolicy"
    taken = any(
        other is not method and other.get("phoneType") == "mobile" and other["phoneNumber"] == method["phoneNumber"]
        for methods in tenant.user_methods.values()
        for other in methods
    )
    return "phoneNumberNotUnique" if taken else "ready"


def _listed(name: str, collection: str, value: list[dict[str, Any]]) -> Answer:
    return Answer(200, {"@odata.context": _context(name, collection), "value": value})


def _entity(status: int, name: str, collection: str, value: dict[str, Any]) -> Answer:
    return Answer(status, {"@odata.context": f"{_context(name, collection)}/$entity", **value})


def _context(name: str, collection: str) -> str:
    return f"{METADATA}users('{quote(name, safe='')}')/authentication/{collection}"
