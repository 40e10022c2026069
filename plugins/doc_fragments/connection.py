# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection options, described once for every module and for the role."""

from __future__ import annotations


class ModuleDocFragment:
    """``tenantops.entra.connection``: how a task connects to a tenant.

    The role's documentation takes the first paragraph of each description (``make generate``).
    """

    DOCUMENTATION = r"""
options:
  tenant_id:
    description:
      - The tenant, as a GUID or as one of its verified domains.
      - A domain is used to sign in, and must be one of the tenant's verified domains.
      - V(common), V(organizations) and V(consumers) are rejected. There is no environment variable for this option, so
        that every task names its tenant.
    type: str
    required: true
    aliases: [tenant]
  expected_domain:
    description:
      - Stop unless this is one of the tenant's verified domains. It guards against a mistyped tenant ID.
    type: str
  cloud:
    description:
      - The national cloud. It sets the addresses of the sign-in service, Microsoft Graph and the portal API.
      - The portal API of V(usdod) and V(china) is not known, so settings that only exist in the portal API are
        unavailable in these clouds.
      - If not set, the environment variable E(ENTRA_CLOUD) is used.
    type: str
    choices: [public, usgov, usdod, china]
    default: public
  authority_url:
    description:
      - The address of the sign-in service, if it is not the one of the cloud. Scheme, host and port only.
      - If not set, the environment variable E(ENTRA_AUTHORITY_URL) is used.
    type: str
  graph_url:
    description:
      - The address of Microsoft Graph, if it is not the one of the cloud. Scheme, host and port only.
      - If not set, the environment variable E(ENTRA_GRAPH_URL) is used.
    type: str
  portal_url:
    description:
      - The address of the portal API, if it is not the one of the cloud. Scheme, host and port only.
      - If not set, the environment variable E(ENTRA_PORTAL_URL) is used.
    type: str
  ca_path:
    description:
      - A file with the certificate authorities to trust. The default is the system's CA bundle.
      - It applies to the sign-in service, Microsoft Graph and the portal API. Certificates are always validated.
      - If not set, the environment variable E(ENTRA_CA_PATH) is used.
    type: path
  timeout:
    description:
      - How long to wait for the response to one request, in seconds.
      - If not set, the environment variable E(ENTRA_TIMEOUT) is used.
    type: int
    default: 30
  confirm_timeout:
    description:
      - How long to wait until a change is visible in the tenant, in seconds.
      - For the same time after a confirmed change, a read on this controller that still returns the old value is
        repeated before it is used.
      - If not set, the environment variable E(ENTRA_CONFIRM_TIMEOUT) is used.
    type: int
    default: 60
  auth_method:
    description:
      - The credential for Microsoft Graph. The default is the one whose options are set.
      - V(azure_cli) is only used when it is selected here.
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
      - If the task sets any of O(client_id), O(client_secret), O(client_certificate_path), O(client_certificate),
        O(client_certificate_password), O(federated_token_file), O(managed_identity_client_id) or O(access_token), the
        environment variables of all of them are ignored.
      - If not set, the environment variable E(AZURE_CLIENT_ID) is used.
    type: str
  client_secret:
    description:
      - The client secret of the app registration.
      - If not set, the environment variables E(AZURE_CLIENT_SECRET) and E(AZURE_SECRET) are used.
    type: str
    aliases: [secret]
  client_certificate_path:
    description:
      - A file with the certificate and its private key, in PEM or PKCS#12 format.
      - If not set, the environment variable E(AZURE_CLIENT_CERTIFICATE_PATH) is used.
    type: path
  client_certificate:
    description:
      - The certificate and its private key as PEM text, for example from a vault lookup.
      - If not set, the environment variable E(ENTRA_CLIENT_CERTIFICATE) is used.
    type: str
  client_certificate_password:
    description:
      - The password of the private key.
      - If not set, the environment variable E(AZURE_CLIENT_CERTIFICATE_PASSWORD) is used.
    type: str
  federated_token_file:
    description:
      - A file with the token that a workload identity exchanges for an access token.
      - If not set, the environment variable E(AZURE_FEDERATED_TOKEN_FILE) is used.
    type: path
  managed_identity_client_id:
    description:
      - The client ID of the user-assigned managed identity that is a federated credential of the app registration.
    type: str
  access_token:
    description:
      - A pre-acquired access token for Microsoft Graph. Its tenant, audience and expiration are checked before it is
        used.
      - If not set, the environment variable E(ENTRA_ACCESS_TOKEN) is used.
    type: str
  portal_auth_method:
    description:
      - The credential for the portal API, which only accepts a signed-in user. The default is the one whose options are
        set.
      - V(azure_cli) and V(azure_powershell) are only used when they are selected here. Without any credential, settings
        that only exist in the portal API are unavailable.
      - If not set, the environment variable E(ENTRA_PORTAL_AUTH_METHOD) is used.
    type: str
    choices: [azure_cli, azure_powershell, refresh_token, access_token]
  portal_client_id:
    description:
      - The public client that the portal user's refresh token was issued to. The default is the Azure CLI.
      - If the task sets any of O(portal_client_id), O(portal_refresh_token) or O(portal_access_token), the environment
        variables of all of them are ignored.
      - If not set, the environment variable E(ENTRA_PORTAL_CLIENT_ID) is used.
    type: str
    default: 04b07795-8ddb-461a-bbee-02f9e1bf7b46
  portal_refresh_token:
    description:
      - The portal user's refresh token. It is redeemed in the tenant that is being managed.
      - If not set, the environment variable E(ENTRA_PORTAL_REFRESH_TOKEN) is used.
    type: str
  portal_access_token:
    description:
      - A pre-acquired access token of the portal user for the portal API.
      - If not set, the environment variable E(ENTRA_PORTAL_ACCESS_TOKEN) is used.
    type: str
  min_token_seconds:
    description:
      - Reject a pre-acquired access token that expires in fewer seconds than this.
      - It applies to O(access_token) and O(portal_access_token). Step 1 of the role uses 600 unless another value is
        set, because the token has to last for all steps.
    type: int
    default: 0
requirements:
  - python >= 3.10
  - msgraph-sdk
  - azure-identity
  - msal
notes:
  - An empty string or a null counts as not set, in options and in environment variables.
  - Proxy environment variables such as E(HTTPS_PROXY) and E(NO_PROXY) are honored.
  - The portal API is the API that the Entra admin center itself uses. Microsoft does not document or support it, and
    may change it at any time. Microsoft Graph has no API for the settings that it holds.
"""
