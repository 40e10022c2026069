# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a plane's options to tokens that have passed the guards. The credentials are azure-identity's.

Two kinds azure-identity does not have are here: a stored refresh token (through msal) and a ready access token.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

try:
    import azure.identity as azure_identity
    import msal
    import requests
    from azure.core.credentials import AccessToken
    from azure.core.exceptions import AzureError, ServiceRequestError, ServiceResponseError
    from msal.exceptions import MsalError
except ImportError as exc:  # reported by libraries.require, so that sanity can import this file without them
    IMPORT_ERROR: ImportError | None = exc
else:
    IMPORT_ERROR = None

from ansible_collections.tenantops.entra.plugins.module_utils import _shared
from ansible_collections.tenantops.entra.plugins.module_utils._errors import GRAPH, PORTAL, SsprError
from ansible_collections.tenantops.entra.plugins.module_utils._options import (
    GRAPH_CREDENTIAL,
    PORTAL_CREDENTIAL,
    Connection,
)
from ansible_collections.tenantops.entra.plugins.module_utils._sign_in_errors import SIGN_IN_ERRORS, code_of
from ansible_collections.tenantops.entra.plugins.module_utils._token_service import CONNECT_TIMEOUT, TokenClient
from ansible_collections.tenantops.entra.plugins.module_utils._tokens import check_token, claims_of, expired

# A token with less than this many seconds left is replaced before it is used.
RENEW_BEFORE = 300
# azure-identity retries ten times by default, which can take minutes in each of many forks.
TOKEN_RETRIES = 3
FEDERATION_SCOPE = "api://AzureADTokenExchange/.default"


class TokenSource(Protocol):
    """What azure-core calls a token credential."""

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken: ...


class GuardedCredential:
    """A credential whose every token is checked (tenant, audience, expiry, kind) before anyone can use it.

    Tokens are kept until shortly before they expire, and shared with the other tasks of the run; a claims challenge
    always fetches a new one.
    """

    def __init__(
        self, plane: str, connection: Connection, client: TokenClient, remember: Callable[[str], None]
    ) -> None:
        self._plane = plane
        self._connection = connection
        self._client = client
        self._remember = remember
        self._token: AccessToken | None = None
        # Whether another task got the token: it may have been revoked since
        self._inherited = False
        self._key = connection.identity(GRAPH_CREDENTIAL if plane == GRAPH else PORTAL_CREDENTIAL)
        self._source: TokenSource | None = None
        self.claims: dict[str, Any] = {}

    @property
    def scope(self) -> str:
        cloud = self._connection.cloud
        return cloud.graph_scope if self._plane == GRAPH else cloud.portal_scope

    def get_token(self, *_scopes: str, claims: str | None = None, **_kwargs: Any) -> AccessToken:
        if self._token is not None and not claims and _lasts(self._token):
            return self._token
        with _shared.entry("token", self._key) as kept:
            token = AccessToken(**kept.value) if kept.value and not claims else None
            self._inherited = token is not None and _lasts(token)
            if token is None or not self._inherited:
                token = self._fetch(claims)
            self._remember(token.token)
            found = claims_of(token.token, self._plane)
            check_token(found, plane=self._plane, cloud=self._connection.cloud, tenant=self._connection.tenant_guid)
            self._require_time(token)
            kept.value = {"token": token.token, "expires_on": token.expires_on}
        self._token, self.claims = token, found
        return token

    def _require_time(self, token: AccessToken) -> None:
        """A ready token cannot be renewed: it has to last for what is to come."""
        method = self._connection.graph_method if self._plane == GRAPH else self._connection.portal_method
        left = int(token.expires_on - time.time())
        if method == "access_token" and left < self._connection.min_token_seconds:
            needed = self._connection.min_token_seconds
            raise expired(self._plane, f"the access token has only {left} seconds left, and {needed} are needed")

    def renew(self) -> bool:
        """Replace a token that the service refuses, if another task had got it. Returns whether there is a new one."""
        refused = self._token
        if refused is None or not self._inherited:
            return False
        with _shared.entry("token", self._key) as kept:
            if kept.value and kept.value["token"] == refused.token:
                kept.value = None
        self._token = None
        renewed = self.get_token().token != refused.token
        # Should another task have renewed it first, it did so a moment ago: once is enough.
        self._inherited = False
        return renewed

    def _fetch(self, claims: str | None) -> AccessToken:
        self._client.status = None
        try:
            if self._source is None:
                self._source = source(self._plane, self._connection, self._client)
            # azure-identity keeps tokens with and without continuous access evaluation apart: always ask for the same.
            return self._source.get_token(self.scope, claims=claims, enable_cae=True)
        except SsprError:
            raise
        except token_errors() as exc:
            raise sign_in_failed(self._plane, exc, self._client.status) from exc

    def close(self) -> None:
        close = getattr(self._source, "close", None)
        if close is not None:
            close()


def token_errors() -> tuple[type[Exception], ...]:
    """What the libraries raise when no token can be had."""
    return AzureError, MsalError, requests.RequestException, ValueError, TypeError, OSError


def _lasts(token: AccessToken) -> bool:
    return token.expires_on - time.time() > RENEW_BEFORE


class ReadyToken:
    """An access token that was handed over; it cannot be renewed."""

    def __init__(self, token: str, plane: str) -> None:
        self._token = token
        self._plane = plane

    def get_token(self, *_scopes: str, claims: str | None = None, **_kwargs: Any) -> AccessToken:
        if claims:
            raise expired(self._plane, "the service no longer accepts the access token")
        expiry = claims_of(self._token, self._plane).get("exp")
        return AccessToken(self._token, int(expiry) if isinstance(expiry, (int, float)) else 0)


class RefreshToken:
    """A user's refresh token, redeemed in the tenant that is worked on."""

    def __init__(self, connection: Connection, client: TokenClient) -> None:
        self._refresh_token = connection.params["portal_refresh_token"]
        # What the token service said last: the next refresh token is in it.
        self.answer: dict[str, Any] = {}
        self._app = msal.PublicClientApplication(
            connection.params["portal_client_id"],
            authority=f"{connection.cloud.authority_url}/{connection.tenant}",
            instance_discovery=not connection.own_authority,
            http_client=client,
        )

    def get_token(self, *scopes: str, claims: str | None = None, **_kwargs: Any) -> AccessToken:
        extra = {"data": {"claims": claims}} if claims else {}
        answer = self._app.acquire_token_by_refresh_token(self._refresh_token, scopes=list(scopes), **extra)
        if "access_token" not in answer:
            raise ValueError(str(answer.get("error_description") or answer.get("error")))
        self.answer = answer
        return AccessToken(answer["access_token"], int(time.time()) + int(answer["expires_in"]))


def source(plane: str, connection: Connection, client: TokenClient) -> TokenSource:
    """The credential of a plane, as the options name it."""
    method = connection.graph_method if plane == GRAPH else connection.portal_method
    return SOURCES[method or ""](plane, connection, client)


def _entra(connection: Connection, client: TokenClient) -> dict[str, Any]:
    """What every credential of azure-identity that talks to Entra is told."""
    return {
        "authority": connection.cloud.authority_url,
        "disable_instance_discovery": connection.own_authority,
        "connection_timeout": CONNECT_TIMEOUT,
        "read_timeout": connection.timeout,
        "retry_total": TOKEN_RETRIES,
        "transport": client.transport(),
    }


def _client_secret(_plane: str, connection: Connection, client: TokenClient) -> TokenSource:
    params = connection.params
    return azure_identity.ClientSecretCredential(
        connection.tenant, params["client_id"], params["client_secret"], **_entra(connection, client)
    )


def _client_certificate(_plane: str, connection: Connection, client: TokenClient) -> TokenSource:
    params = connection.params
    text = params.get("client_certificate")
    return azure_identity.CertificateCredential(
        connection.tenant,
        params["client_id"],
        params.get("client_certificate_path"),
        certificate_data=text.encode() if text else None,
        password=params.get("client_certificate_password"),
        **_entra(connection, client),
    )


def _workload_identity(_plane: str, connection: Connection, client: TokenClient) -> TokenSource:
    params = connection.params
    return azure_identity.WorkloadIdentityCredential(
        tenant_id=connection.tenant,
        client_id=params["client_id"],
        token_file_path=params["federated_token_file"],
        **_entra(connection, client),
    )


def _managed_identity_federation(_plane: str, connection: Connection, client: TokenClient) -> TokenSource:
    # Not ManagedIdentityCredential alone: asked for another tenant it silently gives a token of its own.
    params = connection.params
    identity = azure_identity.ManagedIdentityCredential(client_id=params.get("managed_identity_client_id"))
    return azure_identity.ClientAssertionCredential(
        connection.tenant,
        params["client_id"],
        lambda: identity.get_token(FEDERATION_SCOPE).token,
        **_entra(connection, client),
    )


def _azure_cli(_plane: str, connection: Connection, _client: TokenClient) -> TokenSource:
    return azure_identity.AzureCliCredential(tenant_id=connection.tenant, process_timeout=connection.timeout)


def _azure_powershell(_plane: str, connection: Connection, _client: TokenClient) -> TokenSource:
    return azure_identity.AzurePowerShellCredential(tenant_id=connection.tenant, process_timeout=connection.timeout)


def _refresh_token(_plane: str, connection: Connection, client: TokenClient) -> TokenSource:
    return RefreshToken(connection, client)


def _access_token(plane: str, connection: Connection, _client: TokenClient) -> TokenSource:
    return ReadyToken(connection.params["access_token" if plane == GRAPH else "portal_access_token"], plane)


SOURCES: Mapping[str, Callable[[str, Connection, TokenClient], TokenSource]] = {
    "client_secret": _client_secret,
    "client_certificate": _client_certificate,
    "workload_identity": _workload_identity,
    "managed_identity_federation": _managed_identity_federation,
    "azure_cli": _azure_cli,
    "azure_powershell": _azure_powershell,
    "refresh_token": _refresh_token,
    "access_token": _access_token,
}


def sign_in_failed(plane: str, exc: Exception, status: int | None) -> SsprError:
    """Why no token could be had, in the public vocabulary. ``status`` is the token service's last answer."""
    text = " ".join(str(exc).split())
    code = code_of(text)
    if status == 429:
        return _trouble("throttled", "has too many requests", plane, status)
    if _never_arrived(exc):
        return _trouble("unreachable", f"did not answer: {text}", plane, None)
    if status is not None and (status >= 500 or 300 <= status < 400):
        return _trouble("unreachable", f"answered {status}", plane, status)
    if status is not None and status < 300 and code is None:
        return _trouble("unreachable", "answered with something that is no token", plane, status)
    known = SIGN_IN_ERRORS.get(code or "")
    return SsprError(
        "portal_credential_expired" if plane == PORTAL and known and known.expired else "credential",
        f"no token for {'the portal API' if plane == PORTAL else 'Microsoft Graph'}: {text}",
        plane=plane,
        status=status,
        code=f"AADSTS{code}" if code else None,
        hint=known.hint if known else "Check the credential's options.",
    )


def _trouble(kind: str, what: str, plane: str, status: int | None) -> SsprError:
    return SsprError(kind, f"the token service {what}", plane=plane, status=status, hint="Run it again later.")


def _never_arrived(exc: BaseException | None) -> bool:
    """Whether a connection failed; azure-identity wraps that in an error of authentication."""
    while exc is not None:
        if isinstance(exc, (requests.ConnectionError, requests.Timeout, ServiceRequestError, ServiceResponseError)):
            return True
        exc = exc.__cause__ or exc.__context__
    return False
