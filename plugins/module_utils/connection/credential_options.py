# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which credential the options of a service mean, decided before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

from .._errors import GRAPH, PORTAL, Plane, SsprError
from .._text import is_given


@dataclass(frozen=True)
class ClientSecret:
    method: ClassVar[str] = "client_secret"
    client_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class ClientCertificate:
    """``path`` of a PEM or PFX file, or ``text`` in PEM form."""

    method: ClassVar[str] = "client_certificate"
    client_id: str
    path: str | None
    text: str | None = field(repr=False)
    password: str | None = field(repr=False)


@dataclass(frozen=True)
class WorkloadIdentity:
    method: ClassVar[str] = "workload_identity"
    client_id: str
    token_file: str


@dataclass(frozen=True)
class ManagedIdentityFederation:
    """``identity_client_id`` is None for the system-assigned identity."""

    method: ClassVar[str] = "managed_identity_federation"
    client_id: str
    identity_client_id: str | None


@dataclass(frozen=True)
class AzureCli:
    method: ClassVar[str] = "azure_cli"


@dataclass(frozen=True)
class AzurePowerShell:
    method: ClassVar[str] = "azure_powershell"


@dataclass(frozen=True)
class RefreshToken:
    method: ClassVar[str] = "refresh_token"
    client_id: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class AccessToken:
    """A pre-acquired access token, which cannot be renewed."""

    method: ClassVar[str] = "access_token"
    token: str = field(repr=False)


Credential: TypeAlias = (
    ClientSecret
    | ClientCertificate
    | WorkloadIdentity
    | ManagedIdentityFederation
    | AzureCli
    | AzurePowerShell
    | RefreshToken
    | AccessToken
)


@dataclass(frozen=True)
class CredentialOptions:
    """How the credential options of a service belong together.

    ``selector`` is the option that names the method. By method: ``implied_by`` has the options that imply it, ``needs``
    those that it requires, ``build`` makes the credential. ``others`` are further options of the set.
    """

    plane: Plane
    selector: str
    implied_by: Mapping[str, tuple[str, ...]]
    needs: Mapping[str, tuple[str, ...]]
    build: Mapping[str, Callable[[Mapping[str, Any]], Credential]]
    others: tuple[str, ...]

    @property
    def options(self) -> tuple[str, ...]:
        return (*(name for names in self.implied_by.values() for name in names), *self.others)

    def choose(self, params: Mapping[str, Any]) -> Credential | None:
        """The credential that the options mean; None when none of them is given.

        Raises: SsprError(credential), for two without the selector and for one that lacks an option.
        """
        method = params.get(self.selector) or self._implied(params)
        if method is None:
            return None
        alternatives = [name for name in self.implied_by.get(method, ()) if is_given(params.get(name))]
        if len(alternatives) > 1:
            raise SsprError(
                "credential",
                f"{' and '.join(alternatives)} cannot be used together",
                plane=self.plane,
                hint="Set only one of them.",
            )
        missing = [name for name in self.needs[method] if not is_given(params.get(name))]
        if method == ClientCertificate.method and not alternatives:
            missing.append("client_certificate_path or client_certificate")
        if missing:
            raise SsprError(
                "credential",
                f"{self.selector} {method} requires {' and '.join(missing)}",
                plane=self.plane,
                hint=f"Set {' and '.join(missing)}. Environment variables of a service are ignored when the task sets "
                "any credential option of that service.",
            )
        return self.build[method](params)

    def _implied(self, params: Mapping[str, Any]) -> str | None:
        """The one method whose options are given. Raises: SsprError(credential), when there are two."""
        present = {
            method: given
            for method, names in self.implied_by.items()
            if (given := [name for name in names if is_given(params.get(name))])
        }
        if len(present) > 1:
            names = " and ".join(given[0] for given in present.values())
            raise SsprError(
                "credential",
                f"{names} are two credentials for the same service",
                plane=self.plane,
                hint=f"Set one of them, or choose with {self.selector}: {' or '.join(present)}.",
            )
        return next(iter(present), None)


GRAPH_CREDENTIAL = CredentialOptions(
    plane=GRAPH,
    selector="auth_method",
    implied_by={
        "client_secret": ("client_secret",),
        "client_certificate": ("client_certificate_path", "client_certificate"),
        "workload_identity": ("federated_token_file",),
        "managed_identity_federation": ("managed_identity_client_id",),
        "access_token": ("access_token",),
    },
    needs={
        "client_secret": ("client_id", "client_secret"),
        "client_certificate": ("client_id",),
        "workload_identity": ("client_id", "federated_token_file"),
        "managed_identity_federation": ("client_id",),
        "azure_cli": (),
        "access_token": ("access_token",),
    },
    build={
        "client_secret": lambda given: ClientSecret(given["client_id"], given["client_secret"]),
        "client_certificate": lambda given: ClientCertificate(
            given["client_id"],
            given.get("client_certificate_path"),
            given.get("client_certificate"),
            given.get("client_certificate_password"),
        ),
        "workload_identity": lambda given: WorkloadIdentity(given["client_id"], given["federated_token_file"]),
        "managed_identity_federation": lambda given: ManagedIdentityFederation(
            given["client_id"], given.get("managed_identity_client_id")
        ),
        "azure_cli": lambda _given: AzureCli(),
        "access_token": lambda given: AccessToken(given["access_token"]),
    },
    others=("client_id", "client_certificate_password"),
)

PORTAL_CREDENTIAL = CredentialOptions(
    plane=PORTAL,
    selector="portal_auth_method",
    implied_by={"refresh_token": ("portal_refresh_token",), "access_token": ("portal_access_token",)},
    needs={
        "azure_cli": (),
        "azure_powershell": (),
        "refresh_token": ("portal_refresh_token",),
        "access_token": ("portal_access_token",),
    },
    build={
        "azure_cli": lambda _given: AzureCli(),
        "azure_powershell": lambda _given: AzurePowerShell(),
        "refresh_token": lambda given: RefreshToken(given["portal_client_id"], given["portal_refresh_token"]),
        "access_token": lambda given: AccessToken(given["portal_access_token"]),
    },
    others=("portal_client_id",),
)
