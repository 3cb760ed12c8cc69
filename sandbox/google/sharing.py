"""Who may see a file: Drive v3's permissions; kept with the file, checked by nobody else in the sandbox.

https://developers.google.com/workspace/drive/api/reference/rest/v3/permissions
"""

from typing import Any
from zlib import crc32

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.google.calls import answer, object_of
from sandbox.google.drive import Drive
from sandbox.google.errors import invalid_parameter, refuse

Permission = dict[str, Any]

_SHAPE = dict.fromkeys(
    ("kind", "id", "type", "role", "emailAddress", "domain", "displayName", "allowFileDiscovery", "expirationTime", "deleted",
     "pendingOwner", "permissionDetails", "photoLink", "view", "inheritedPermissionsDisabled", "teamDrivePermissionDetails")
)  # fmt: skip
_DEFAULT = "kind,id,type,role"
_ROLES = {"reader", "commenter", "writer"}
_WHOM = {"user": "emailAddress", "group": "emailAddress", "domain": "domain", "anyone": None}


class Sharing:
    """Drive's permission calls."""

    def __init__(self, drive: Drive) -> None:
        self.drive = drive

    def routes(self) -> list[Route]:
        """Return the routes, paths below Google's mount."""
        path = "/drive/v3/files/{file_id}/permissions"
        return [
            Route(path, self.list_permissions, methods=["GET"]),
            Route(path, self.create, methods=["POST"]),
            Route(path + "/{permission_id}", self.get, methods=["GET"]),
            Route(path + "/{permission_id}", self.update, methods=["PATCH"]),
            Route(path + "/{permission_id}", self.delete, methods=["DELETE"]),
        ]

    async def list_permissions(self, request: Request) -> Response:
        """Show who may see a file."""
        value = {"kind": "drive#permissionList", "permissions": self._permissions(request)}
        shape = {"kind": None, "nextPageToken": None, "permissions": _SHAPE}
        return answer(request, value, shape, f"kind,permissions({_DEFAULT})")

    async def create(self, request: Request) -> Response:
        """Let somebody in; who is in already gets the new role."""
        permission = _permission(object_of(request))
        others = [p for p in self._permissions(request) if p["id"] != permission["id"]]
        self.drive.share(request.path_params["file_id"], [*others, permission])
        return answer(request, permission, _SHAPE, _DEFAULT)

    async def get(self, request: Request) -> Response:
        """Show one permission."""
        return answer(request, self._one(request), _SHAPE, _DEFAULT)

    async def update(self, request: Request) -> Response:
        """Change a role."""
        before, role = self._one(request), object_of(request).get("role")
        if role not in _ROLES or before["role"] == "owner":
            raise refuse(403, "The owner of a file cannot be removed." if role in _ROLES else "Invalid role.", reason="forbidden")
        after = before | {"role": role}
        permissions = [after if p["id"] == after["id"] else p for p in self._permissions(request)]
        self.drive.share(request.path_params["file_id"], permissions)
        return answer(request, after, _SHAPE, _DEFAULT)

    async def delete(self, request: Request) -> Response:
        """Take a permission back."""
        gone = self._one(request)
        if gone["role"] == "owner":
            raise refuse(403, "The owner of a file cannot be removed.", reason="insufficientFilePermissions")
        self.drive.share(request.path_params["file_id"], [p for p in self._permissions(request) if p["id"] != gone["id"]])
        return Response(status_code=204)

    def _permissions(self, request: Request) -> list[Permission]:
        permissions: list[Permission] = self.drive.file(request.path_params["file_id"])["permissions"]
        return permissions

    def _one(self, request: Request) -> Permission:
        wanted = request.path_params["permission_id"]
        for permission in self._permissions(request):
            if permission["id"] == wanted:
                return permission
        raise refuse(404, f"Permission not found: {wanted}.", location="permissionId", locationType="parameter")


def _permission(asked: Permission) -> Permission:
    whom = asked.get("type")
    if whom not in _WHOM:
        raise invalid_parameter("permission.type", "The permission type field is required.", reason="required")
    if asked.get("role") not in _ROLES:
        raise refuse(400, "The specified role is invalid or not supported.", reason="invalid")
    address = _WHOM[whom]
    if address and not asked.get(address):
        message = f"The {address} field is required for permissions of type {whom}."
        raise refuse(400, message, reason="invalidSharingRequest")
    permission = {"kind": "drive#permission", "type": whom, "role": asked["role"], "deleted": False, "pendingOwner": False}
    if address is None:
        return permission | {"id": "anyoneWithLink", "allowFileDiscovery": bool(asked.get("allowFileDiscovery"))}
    named = str(asked[address]).lower()
    return permission | {"id": f"{crc32(named.encode()):020d}", address: asked[address], "displayName": asked[address]}
