# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the credential options of a service to tokens that have passed the guards. The credentials are azure-identity's.

Two kinds that azure-identity does not have are here: a stored refresh token (through msal) and a pre-acquired access
token.
"""

from __future__ import annotations

import re
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import singledispatch
from typing import Any, Protocol

try:
    import azure.identity as azure_identity
    import msal
    import requests
    from azure.core.credentials import AccessToken as Token
    from azure.core.exceptions import AzureError, ServiceRequestError, ServiceResponseError
    from msal.exceptions import MsalError
    from urllib3.exceptions import ProxySchemeUnknown
except ImportError as exc:  # reported by require_libraries; sanity tests import this file without them
    IMPORT_ERROR: ImportError | None = exc
else:
    IMPORT_ERROR = None

from .._errors import PORTAL, ErrorKind, Plane, SsprError
from .._failures import is_ours
from ..data.sign_in_errors import SIGN_IN_ERRORS
from .credential_options import (
    AccessToken,
    AzureCli,
    AzurePowerShell,
    ClientCertificate,
    ClientSecret,
    ManagedIdentityFederation,
    RefreshToken,
    WorkloadIdentity,
)
from .options import Connection
from .proxy import unusable_proxy
from .run_cache import shared_entry
from .token_claims import check_token, claims_of, expired
from .token_http import CONNECT_TIMEOUT, TokenClient

# Seconds: a token with less time left is replaced before it is used.
RENEW_BEFORE = 300
# azure-identity retries ten times by default, which can take minutes in each of many forks.
TOKEN_RETRIES = 3
SIGN_IN_CODE = re.compile(r"AADSTS(\d{4,7})")
FEDERATION_SCOPE = "api://AzureADTokenExchange/.default"


class TokenSource(Protocol):
    """What azure-core calls a token credential."""

    def get_token(self, *scopes: str, **kwargs: Any) -> Token: ...


class GuardedCredential:
    """A credential whose every token is checked (tenant, audience, expiry, kind) before it can be used.

    Tokens are kept until shortly before they expire, and shared with the other tasks of the run. A claims challenge
    always gets a new one.
    """

    def __init__(
        self, plane: Plane, connection: Connection, client: TokenClient, remember_secret: Callable[[str], None]
    ) -> None:
        self._plane = plane
        self._connection = connection
        self._client = client
        self._remember_secret = remember_secret
        self._token: Token | None = None
        # Whether another task obtained the token: it may have been revoked since.
        self._inherited = False
        self._key = connection.identity(plane)
        self._source: TokenSource | None = None
        self.claims: dict[str, Any] = {}

    @property
    def scope(self) -> str:
        return self._connection.cloud.scope(self._plane)

    def get_token(self, *_scopes: str, claims: str | None = None, **_kwargs: Any) -> Token:
        """A token that has passed the guards. Raises: SsprError."""
        if self._token is not None and not claims and _lasts(self._token):
            return self._token
        with shared_entry("token", self._key) as kept:
            token = Token(**kept.value) if kept.value and not claims else None
            self._inherited = token is not None and _lasts(token)
            if token is None or not self._inherited:
                token = self._fetch(claims)
            self._remember_secret(token.token)
            found = claims_of(token.token, self._plane)
            check_token(found, plane=self._plane, cloud=self._connection.cloud, tenant=self._connection.tenant_guid)
            self._require_time(token)
            kept.value = {"token": token.token, "expires_on": token.expires_on}
        self._token, self.claims = token, found
        return token

    def _require_time(self, token: Token) -> None:
        """A pre-acquired token cannot be renewed: it has to last for what is to come."""
        left = int(token.expires_on - time.time())
        needed = self._connection.min_token_seconds
        if isinstance(self._connection.credential(self._plane), AccessToken) and left < needed:
            raise expired(self._plane, f"the access token expires in {left} seconds, and min_token_seconds is {needed}")

    def renew(self) -> bool:
        """Replace a rejected token, if another task had obtained it. Returns whether there is a new one."""
        rejected = self._token
        if rejected is None or not self._inherited:
            return False
        with shared_entry("token", self._key) as kept:
            if kept.value and kept.value["token"] == rejected.token:
                kept.value = None
        self._token = None
        renewed = self.get_token().token != rejected.token
        # If another task has renewed it first, it did so a moment ago: once is enough.
        self._inherited = False
        return renewed

    def _fetch(self, claims: str | None) -> Token:
        with sign_in_errors(self._plane, self._client):
            if self._source is None:
                credential = self._connection.credential(self._plane)
                self._source = token_source(credential, self._plane, self._connection, self._client)
            # azure-identity keeps tokens with and without continuous access evaluation apart: always ask for the same.
            return self._source.get_token(self.scope, claims=claims, enable_cae=True)

    def close(self) -> None:
        close = getattr(self._source, "close", None)
        if close is not None:
            close()


def _lasts(token: Token) -> bool:
    return token.expires_on - time.time() > RENEW_BEFORE


class FixedTokenSource:
    """A pre-acquired access token; it cannot be renewed."""

    def __init__(self, token: str, plane: Plane) -> None:
        self._token = token
        self._plane = plane

    def get_token(self, *_scopes: str, claims: str | None = None, **_kwargs: Any) -> Token:
        if claims:
            raise expired(self._plane, "the service no longer accepts the access token")
        expiry = claims_of(self._token, self._plane).get("exp")
        return Token(self._token, int(expiry) if isinstance(expiry, (int, float)) else 0)


class TokenRefusedError(Exception):
    """What the token service returned instead of a token."""


class RefreshTokenSource:
    """A user's refresh token, redeemed in the tenant of the connection. ``answer`` has the next refresh token."""

    def __init__(self, connection: Connection, credential: RefreshToken, client: TokenClient) -> None:
        self._refresh_token = credential.token
        self.answer: dict[str, Any] = {}
        self._app = msal.PublicClientApplication(
            credential.client_id,
            authority=f"{connection.cloud.authority_url}/{connection.tenant}",
            instance_discovery=not connection.cloud.own_authority,
            http_client=client,
        )

    def get_token(self, *scopes: str, claims: str | None = None, **_kwargs: Any) -> Token:
        extra = {"data": {"claims": claims}} if claims else {}
        answer = self._app.acquire_token_by_refresh_token(self._refresh_token, scopes=list(scopes), **extra)
        if "access_token" not in answer:
            raise TokenRefusedError(str(answer.get("error_description") or answer.get("error") or "no reason given"))
        self.answer = answer
        return Token(answer["access_token"], int(time.time()) + int(answer["expires_in"]))


@singledispatch
def token_source(credential: object, _plane: Plane, _connection: Connection, _client: TokenClient) -> TokenSource:
    """What gets tokens for a service, by the kind of its credential."""
    raise TypeError(f"no source of tokens for {credential!r}")


def _entra(connection: Connection, client: TokenClient) -> dict[str, Any]:
    """The options of every credential of azure-identity that talks to Entra."""
    return {
        "authority": connection.cloud.authority_url,
        "disable_instance_discovery": connection.cloud.own_authority,
        "connection_timeout": CONNECT_TIMEOUT,
        "read_timeout": connection.timeout,
        "retry_total": TOKEN_RETRIES,
        "transport": client.transport(),
    }


@token_source.register(ClientSecret)
def _client_secret(credential: ClientSecret, _plane: Plane, connection: Connection, client: TokenClient) -> TokenSource:
    return azure_identity.ClientSecretCredential(
        connection.tenant, credential.client_id, credential.secret, **_entra(connection, client)
    )


@token_source.register(ClientCertificate)
def _client_certificate(
    credential: ClientCertificate, _plane: Plane, connection: Connection, client: TokenClient
) -> TokenSource:
    return azure_identity.CertificateCredential(
        connection.tenant,
        credential.client_id,
        credential.path,
        certificate_data=credential.text.encode() if credential.text else None,
        password=credential.password,
        **_entra(connection, client),
    )


@token_source.register(WorkloadIdentity)
def _workload_identity(
    credential: WorkloadIdentity, _plane: Plane, connection: Connection, client: TokenClient
) -> TokenSource:
    return azure_identity.WorkloadIdentityCredential(
        tenant_id=connection.tenant,
        client_id=credential.client_id,
        token_file_path=credential.token_file,
        **_entra(connection, client),
    )


@token_source.register(ManagedIdentityFederation)
def _managed_identity_federation(
    credential: ManagedIdentityFederation, _plane: Plane, connection: Connection, client: TokenClient
) -> TokenSource:
    # Not only ManagedIdentityCredential: for another tenant, it silently returns a token of its own tenant.
    identity = azure_identity.ManagedIdentityCredential(client_id=credential.identity_client_id)
    return azure_identity.ClientAssertionCredential(
        connection.tenant,
        credential.client_id,
        lambda: identity.get_token(FEDERATION_SCOPE).token,
        **_entra(connection, client),
    )


@token_source.register(AzureCli)
def _azure_cli(_credential: AzureCli, _plane: Plane, connection: Connection, _client: TokenClient) -> TokenSource:
    return azure_identity.AzureCliCredential(tenant_id=connection.tenant, process_timeout=connection.timeout)


@token_source.register(AzurePowerShell)
def _azure_power_shell(
    _credential: AzurePowerShell, _plane: Plane, connection: Connection, _client: TokenClient
) -> TokenSource:
    return azure_identity.AzurePowerShellCredential(tenant_id=connection.tenant, process_timeout=connection.timeout)


@token_source.register(RefreshToken)
def _refresh_token(credential: RefreshToken, _plane: Plane, connection: Connection, client: TokenClient) -> TokenSource:
    return RefreshTokenSource(connection, credential, client)


@token_source.register(AccessToken)
def _access_token(credential: AccessToken, plane: Plane, _connection: Connection, _client: TokenClient) -> TokenSource:
    return FixedTokenSource(credential.token, plane)


@contextmanager
def sign_in_errors(plane: Plane, client: TokenClient) -> Iterator[None]:
    """Turn what the libraries raise when there is no token into an error of the public vocabulary.

    They document ValueError, TypeError and OSError too (for example for a certificate that cannot be read). One that
    this collection itself raises is a bug and is not caught.
    """
    client.status = None
    try:
        yield
    except SsprError:
        raise
    except (TokenRefusedError, AzureError, MsalError, requests.RequestException) as exc:
        raise sign_in_failed(plane, exc, client.status) from exc
    except (ValueError, TypeError, OSError) as exc:
        if _is_ours(exc):
            raise
        raise sign_in_failed(plane, exc, client.status) from exc


def _is_ours(exc: Exception) -> bool:
    """Whether an exception was raised by a line of this collection."""
    return is_ours(traceback.extract_tb(exc.__traceback__)[-1].filename)


def sign_in_failed(plane: Plane, exc: Exception, status: int | None) -> SsprError:
    """Why there is no token, in the public vocabulary. ``status`` is that of the token service's last response."""
    text = " ".join(str(exc).split())
    code = _code_in(text)
    if status == 429:
        return _token_service_error("throttled", "is throttling requests (429)", plane, status)
    if (unusable := _proxy_fault(exc)) is not None:
        return unusable_proxy(type(unusable).__name__)
    if _never_arrived(exc):
        return _token_service_error("unreachable", f"did not respond: {text}", plane, None)
    if status is not None and (status >= 500 or 300 <= status < 400):
        return _token_service_error("unreachable", f"returned {status}", plane, status)
    if status is not None and status < 300 and code is None:
        return _token_service_error("unreachable", "returned a response without a token", plane, status)
    known = SIGN_IN_ERRORS.get(code or "")
    return SsprError(
        "portal_credential_expired" if plane == PORTAL and known and known["expired"] else "credential",
        f"no token for {'the portal API' if plane == PORTAL else 'Microsoft Graph'}: {text}",
        plane=plane,
        status=status,
        code=f"AADSTS{code}" if code else None,
        hint=str(known["hint"]) if known else "Check the options of this credential.",
    )


def _code_in(text: str) -> str | None:
    """The AADSTS number in an error text."""
    found = SIGN_IN_CODE.search(text)
    return found.group(1) if found else None


def _token_service_error(kind: ErrorKind, what: str, plane: Plane, status: int | None) -> SsprError:
    return SsprError(kind, f"the token service {what}", plane=plane, status=status, hint="Run it again later.")


def _never_arrived(exc: BaseException) -> bool:
    """Whether a connection failed; azure-identity wraps that in an error of authentication."""
    lost = (requests.ConnectionError, requests.Timeout, ServiceRequestError, ServiceResponseError)
    return any(isinstance(cause, lost) for cause in _causes(exc))


def _proxy_fault(exc: BaseException) -> BaseException | None:
    """What a library raised because it cannot use the proxy that is configured."""
    faults = (requests.exceptions.InvalidSchema, requests.exceptions.InvalidProxyURL, ProxySchemeUnknown)
    return next((cause for cause in _causes(exc) if isinstance(cause, faults)), None)


def _causes(exc: BaseException | None) -> Iterator[BaseException]:
    """An exception, and those that led to it; azure-core keeps some of them aside."""
    while exc is not None:
        yield exc
        exc = exc.__cause__ or exc.__context__ or getattr(exc, "inner_exception", None)
