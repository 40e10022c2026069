# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything the simulated services know: tenants, apps, users; and the seed it comes from."""

from __future__ import annotations

import copy
import json
import threading
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from . import documents
from .documents import ABSENT

MIGRATED = ("migrationComplete", None)
MIGRATION_STATES = ("preMigration", "migrationInProgress", "migrationComplete", None)

# What a write may change. Those of the second kind can be as large as a tenant: a write puts new values in the place of
# the old ones, and never changes a value in place, so that a copy need not be deep.
_DOCUMENTS = (
    "migration_state",
    "portal_policy",
    "on_premises",
    "configurations",
    "authorization_policy",
    "registration_enforcement",
)
_REPLACED = ("groups", "user_methods")
# Keys of a seed whose value is laid over what is there.
_OVERLAYS = {
    "apps": "apps",
    "users": "users",
    "portal_policy": "portal_policy",
    "on_premises": "on_premises",
    "authorization_policy": "authorization_policy",
    "registration_enforcement": "registration_enforcement",
    "organization": "organization",
    "authentication_methods_policy": "configurations",
}


@dataclass
class App:
    client_id: str
    secrets: list[str] = field(default_factory=list)
    certificates: list[str] = field(default_factory=list)
    federated: list[dict[str, str]] = field(default_factory=list)


@dataclass
class User:
    upn: str
    object_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    home_tenant: str | None = None
    mfa: bool = True
    refresh_tokens: list[str] = field(default_factory=list)


@dataclass
class Tenant:
    """One tenant. Its documents are live: what a test changes here, the next answer shows."""

    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    display_name: str = "Contoso"
    domains: list[str] = field(default_factory=list)
    plans: list[str] = field(default_factory=lambda: ["AAD_PREMIUM"])
    migration_state: str | None = "migrationComplete"
    omit_migration_state: bool = False
    require_mfa: bool = False
    apps: dict[str, list[str] | None] = field(default_factory=dict)
    users: dict[str, list[str]] = field(default_factory=dict)
    # Groups have id, displayName, and perhaps others of Graph's properties, and members (object ids of anything).
    groups: list[dict[str, Any]] = field(default_factory=list)
    # People have id, userPrincipalName, and perhaps others of Graph's properties. Not Graph's: ``licenses`` (names of
    # SKUs; otherwise a member has those of the tenant), ``securityQuestions``, ``defaultMfaPhone`` (a type of phone).
    people: list[dict[str, Any]] = field(default_factory=list)
    # By object id of the user: methods as Graph gives them; ids of phones and addresses may be left out.
    user_methods: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    mask_phone_numbers: bool = False
    # principalId (user or group) and roleDefinitionId (template id)
    role_assignments: list[dict[str, str]] = field(default_factory=list)
    # ``rows``: what the report says, perhaps long outdated; otherwise it is made when it is asked for.
    registration_report: dict[str, Any] = field(default_factory=dict)
    # The window of the reports' limit in seconds: true is the real one, false none.
    report_throttle: bool | float = False
    report_calls: dict[str, list[float]] = field(default_factory=dict, repr=False)
    audit_events: list[dict[str, Any]] = field(default_factory=list)
    organization: dict[str, Any] = field(default_factory=documents.organization)
    security_defaults: bool = False
    conditional_access: list[dict[str, Any]] = field(default_factory=list)
    # The newest: createdDateTime, controlScores
    secure_score: dict[str, Any] | None = None
    portal_put_status: int = 200
    portal_policy: dict[str, Any] = field(default_factory=documents.portal_policy)
    on_premises: dict[str, Any] = field(default_factory=documents.on_premises)
    configurations: dict[str, dict[str, Any]] = field(default_factory=documents.configurations)
    authorization_policy: dict[str, Any] = field(default_factory=documents.authorization_policy)
    registration_enforcement: dict[str, Any] = field(default_factory=documents.registration_enforcement)
    last_modified: str = "2025-11-21T20:01:36.9599169Z"
    # What each plane would still answer from a replica that missed the last write.
    previous: dict[str, Tenant] = field(default_factory=dict, repr=False)
    _people_by_name: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)

    @property
    def migrated(self) -> bool:
        return self.migration_state in MIGRATED

    def group(self, object_id: str) -> dict[str, Any] | None:
        return next((group for group in self.groups if group["id"].lower() == object_id.lower()), None)

    def person(self, name: str) -> dict[str, Any] | None:
        """The user of that object id or user principal name, out of thousands."""
        wanted = name.lower()
        found = self._people_by_name.get(wanted)
        if found is None or wanted not in known_as(found) or len(self._people_by_name) != 2 * len(self.people):
            self._people_by_name = {known: person for person in self.people for known in known_as(person)}
            found = self._people_by_name.get(wanted)
        return found

    def members(self, group: Mapping[str, Any]) -> list[str]:
        """The object ids of everything in a group, directly or through others, once each."""
        groups = {known["id"].lower(): known for known in self.groups}
        seen: dict[str, None] = {}
        waiting = list(reversed(group.get("members", [])))
        while waiting:
            member = waiting.pop().lower()
            if member not in seen:
                seen[member] = None
                waiting.extend(reversed(groups.get(member, {}).get("members", [])))
        return list(seen)

    def groups_of(self, member: str) -> list[dict[str, Any]]:
        """The groups that something is in, directly or through others."""
        return [group for group in self.groups if member.lower() in self.members(group)]

    def documents(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in (*_DOCUMENTS, *_REPLACED)}

    def clone(self) -> Tenant:
        """A copy whose documents are independent."""
        twin = copy.copy(self)
        for name in _DOCUMENTS:
            setattr(twin, name, json.loads(json.dumps(getattr(self, name))))
        for name in _REPLACED:
            setattr(twin, name, copy.copy(getattr(self, name)))
        twin.previous = {}
        return twin

    def edit(self, changes: Mapping[str, Any]) -> None:
        """Apply keys of a seed, documents being merged: what an administrator does in the meantime."""
        unknown = set(changes) - _TENANT_KEYS
        if unknown:
            raise ValueError(f"a tenant has no {', '.join(sorted(unknown))}")
        for name, value in copy.deepcopy(dict(changes)).items():
            if name == "authentication_methods_policy":
                self._edit_configurations(value)
            elif name in _OVERLAYS:
                merge(getattr(self, name), value)
            else:
                setattr(self, name, value)
        self._check()

    def as_dict(self) -> dict[str, Any]:
        """In the words of a seed."""
        names = {attribute: key for key, attribute in _OVERLAYS.items()}
        return {names.get(f.name, f.name): getattr(self, f.name) for f in fields(self) if f.name not in _HIDDEN}

    def _edit_configurations(self, changes: Mapping[str, Any]) -> None:
        for name, change in changes.items():
            if change == ABSENT:
                self.configurations.pop(name, None)
            elif name in self.configurations:
                merge(self.configurations[name], change)
            elif documents.ODATA_TYPE in change:
                self.configurations[name] = {"id": name, **change}
            else:
                raise ValueError(f"{name}: there is no such method configuration, and no {documents.ODATA_TYPE} given")

    def _check(self) -> None:
        if self.migration_state not in MIGRATION_STATES:
            raise ValueError(f"migration_state: {self.migration_state!r} is none of {MIGRATION_STATES}")
        if not self.domains:
            self.domains.append(f"t{self.id.replace('-', '')[:12]}.onmicrosoft.com")
        for group in self.groups:
            if not isinstance(group.get("id"), str) or not isinstance(group.get("displayName"), str):
                raise ValueError(f"groups: {group!r} needs id and displayName")
        for person in self.people:
            if not isinstance(person.get("id"), str) or not isinstance(person.get("userPrincipalName"), str):
                raise ValueError(f"people: {person!r} needs id and userPrincipalName")
        for method in (method for methods in self.user_methods.values() for method in methods):
            if documents.ODATA_TYPE not in method:
                raise ValueError(f"user_methods: {method!r} needs {documents.ODATA_TYPE}")
            kind = str(method.get("phoneType", method[documents.ODATA_TYPE]))
            method.setdefault("id", documents.METHOD_IDS.get(kind, str(uuid.uuid4())))


_HIDDEN = ("previous", "last_modified", "report_calls", "_people_by_name")
_TENANT_KEYS = ({f.name for f in fields(Tenant)} | set(_OVERLAYS)) - {*_HIDDEN, "configurations"}


class World:
    """All state, with the lock that guards it."""

    def __init__(self, seed: Mapping[str, Any] | Path | None = None) -> None:
        self.lock = threading.RLock()
        self.tenants: dict[str, Tenant] = {}
        self.apps: dict[str, App] = {}
        self.users: dict[str, User] = {}
        self.revoked: set[str] = set()
        self.expired: set[str] = set()
        self.plant(seed)

    def plant(self, seed: Mapping[str, Any] | Path | None) -> None:
        """Replace everything by a seed, which is also what ``reset`` returns to."""
        self._seed = load_seed(seed)
        self.reset()

    def reset(self) -> None:
        with self.lock:
            for known in (self.tenants, self.apps, self.users, self.revoked, self.expired):
                known.clear()
            for client_id, app in (self._seed.get("apps") or {}).items():
                self.add_app(client_id, **(app or {}))
            for upn, user in (self._seed.get("users") or {}).items():
                self.add_user(upn, **(user or {}))
            for tenant in self._seed.get("tenants") or []:
                if self.find(str(tenant.get("id", ""))):
                    raise ValueError(f"the seed has {tenant['id']} twice")
                self.add_tenant(**tenant)

    def add_app(self, client_id: str, **entry: Any) -> App:
        with self.lock:
            self.apps[client_id] = App(client_id, **copy.deepcopy(entry))
            return self.apps[client_id]

    def add_user(self, upn: str, **entry: Any) -> User:
        with self.lock:
            self.users[upn] = User(upn, **copy.deepcopy(entry))
            return self.users[upn]

    def add_tenant(self, **entry: Any) -> Tenant:
        """Add a tenant, in the place of one with the same id. No two tenants share a domain."""
        with self.lock:
            tenant = Tenant()
            tenant.edit(entry)
            taken = [name for name in tenant.domains if (other := self.find(name)) and other.id != tenant.id]
            if taken:
                raise ValueError(f"another tenant has {', '.join(taken)}")
            self.tenants[tenant.id] = tenant
            return tenant

    def find(self, name: str) -> Tenant | None:
        """The tenant of that id or verified domain."""
        wanted = name.lower()
        if wanted in self.tenants:
            return self.tenants[wanted]
        for tenant in self.tenants.values():
            if wanted == tenant.id.lower() or wanted in _lower(tenant.domains):
                return tenant
        return None

    def tenant(self, name: str) -> Tenant:
        found = self.find(name)
        if found is None:
            raise KeyError(f"no tenant {name}")
        return found

    def owner(self, refresh_token: str) -> User | None:
        return next((user for user in self.users.values() if refresh_token in user.refresh_tokens), None)


def load_seed(seed: Mapping[str, Any] | Path | None) -> dict[str, Any]:
    loaded = yaml.safe_load(seed.read_text(encoding="utf-8")) if isinstance(seed, Path) else copy.deepcopy(seed)
    loaded = {} if loaded is None else loaded
    if not isinstance(loaded, Mapping) or set(loaded) - {"apps", "users", "tenants"}:
        raise ValueError("a seed is a mapping with apps, users and tenants")
    return dict(loaded)


def merge(target: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Lay ``changes`` over ``target``: mappings are merged, lists and values replaced, ``<absent>`` removes."""
    for name, value in changes.items():
        if value == ABSENT:
            target.pop(name, None)
        elif isinstance(value, Mapping) and isinstance(target.get(name), dict):
            merge(target[name], value)
        else:
            target[name] = copy.deepcopy(value)


def known_as(person: Mapping[str, Any]) -> tuple[str, str]:
    return person["id"].lower(), person["userPrincipalName"].lower()


def _lower(names: Iterable[str]) -> set[str]:
    return {name.lower() for name in names}
