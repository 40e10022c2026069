# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection options, written once for every module."""

from __future__ import annotations


class ModuleDocFragment:
    """``tenantops.entra.connection``: how a task reaches a tenant."""

    DOCUMENTATION = r"""
options:
  tenant_id:
    description:
      - The tenant to work on, as a GUID.
      - A domain is accepted too. It is then used to sign in, and must be one of the tenant's verified domains.
      - V(common) and V(organizations) are refused, and there is no environment variable for it, so that every task
        names its tenant.
    type: str
    required: true
    aliases: [tenant]
  expected_domain:
    description:
      - Refuse to go on unless this is one of the tenant's verified domains.
    type: str
  cloud:
    description:
      - The national cloud. It sets the addresses of sign-in, Microsoft Graph and the portal API together.
      - In V(usdod) and V(china) no portal API is known, so settings that only the portal API has are unavailable
        there.
      - If not set, the environment variable E(ENTRA_CLOUD) is used.
    type: str
    choices: [public, usgov, usdod, china]
    default: public
  authority_url:
    description:
      - Sign in here instead of at the cloud's own address. Scheme, host and port only.
      - If not set, the environment variable E(ENTRA_AUTHORITY_URL) is used.
    type: str
  graph_url:
    description:
      - Use Microsoft Graph here instead of at the cloud's own address. Scheme, host and port only.
      - If not set, the environment variable E(ENTRA_GRAPH_URL) is used.
    type: str
  portal_url:
    description:
      - Use the portal API here instead of at the cloud's own address. Scheme, host and port only.
      - If not set, the environment variable E(ENTRA_PORTAL_URL) is used.
    type: str
  ca_path:
    description:
      - File with the certificate authorities to trust for all three addresses. By default those of the system.
      - Certificates are always validated.
      - If not set, the environment variable E(ENTRA_CA_PATH) is used.
    type: path
  timeout:
    description:
      - Seconds to wait for one answer.
      - If not set, the environment variable E(ENTRA_TIMEOUT) is used.
    type: int
    default: 30
  confirm_timeout:
    description:
      - Seconds to wait until a change is seen in the tenant.
      - For as long after a confirmed change, a read on this controller that still shows the old value is read again
        before anything is built on it.
      - If not set, the environment variable E(ENTRA_CONFIRM_TIMEOUT) is used.
    type: int
    default: 60
  auth_method:
    description:
      - Which credential to use for Microsoft Graph.
      - By default the one whose options are given. V(azure_cli) is used only when it is named here.
      - If not set, the environment variable E(ENTRA_AUTH_METHOD) is used.
    type: str
    choices:
      - client_secret
      - client_certificate
      - workload_identity
      - managed_identity_federation
      - azure_cli
      - access_token
  client_id:
    description:
      - The application (client) ID of the app registration.
      - If the task gives any of O(client_id), O(client_secret), O(client_certificate_path), O(client_certificate),
        O(client_certificate_password), O(federated_token_file), O(managed_identity_client_id) or O(access_token), the
        environment is not looked at for any of them.
      - If not set, the environment variable E(AZURE_CLIENT_ID) is used.
    type: str
  client_secret:
    description:
      - The client secret.
      - If not set, the environment variables E(AZURE_CLIENT_SECRET) and E(AZURE_SECRET) are used.
    type: str
    aliases: [secret]
  client_certificate_path:
    description:
      - File with the certificate and its private key, PEM or PKCS12.
      - If not set, the environment variable E(AZURE_CLIENT_CERTIFICATE_PATH) is used.
    type: path
  client_certificate:
    description:
      - The certificate and its private key as PEM text, as vault look-ups return it.
      - If not set, the environment variable E(ENTRA_CLIENT_CERTIFICATE) is used.
    type: str
  client_certificate_password:
    description:
      - Password of the private key.
      - If not set, the environment variable E(AZURE_CLIENT_CERTIFICATE_PASSWORD) is used.
    type: str
  federated_token_file:
    description:
      - File with the token that a workload identity exchanges for one of Entra.
      - If not set, the environment variable E(AZURE_FEDERATED_TOKEN_FILE) is used.
    type: path
  managed_identity_client_id:
    description:
      - Client ID of the user-assigned managed identity that is a federated credential of the app registration.
    type: str
  access_token:
    description:
      - A ready access token for Microsoft Graph. Its tenant, audience and expiry are checked before it is used.
      - If not set, the environment variable E(ENTRA_ACCESS_TOKEN) is used.
    type: str
  portal_auth_method:
    description:
      - Which credential to use for the portal API, which accepts a signed-in user only.
      - By default the one whose options are given. V(azure_cli) and V(azure_powershell) are used only when they are
        named here. Without any, settings that only the portal API has are unavailable.
      - If not set, the environment variable E(ENTRA_PORTAL_AUTH_METHOD) is used.
    type: str
    choices: [azure_cli, azure_powershell, refresh_token, access_token]
  portal_client_id:
    description:
      - The public client that O(portal_refresh_token) was issued to. By default that of the Azure CLI.
      - If the task gives any of O(portal_client_id), O(portal_refresh_token) or O(portal_access_token), the
        environment is not looked at for any of them.
      - If not set, the environment variable E(ENTRA_PORTAL_CLIENT_ID) is used.
    type: str
    default: 04b07795-8ddb-461a-bbee-02f9e1bf7b46
  portal_refresh_token:
    description:
      - The portal user's refresh token. It is redeemed in O(tenant_id).
      - If not set, the environment variable E(ENTRA_PORTAL_REFRESH_TOKEN) is used.
    type: str
  portal_access_token:
    description:
      - A ready access token of the portal user for the portal API.
      - If not set, the environment variable E(ENTRA_PORTAL_ACCESS_TOKEN) is used.
    type: str
  min_token_seconds:
    description:
      - Refuse a ready O(access_token) or O(portal_access_token) that lives for fewer seconds than this.
      - The role's step C(open) refuses one with less than 600 seconds, because it has to last for the whole tenant.
    type: int
    default: 0
requirements:
  - python >= 3.10
  - msgraph-sdk
  - azure-identity
  - msal
notes:
  - An empty string or a null counts as not given, in options and in environment variables.
  - The portal API is what the Entra admin center itself uses. Microsoft does not document or support it, and may
    change it at any time. What it covers has no API in Microsoft Graph.
"""
