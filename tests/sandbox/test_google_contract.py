"""Drive and Docs as Google's official client sees them: the sandbox must answer it as Google would."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import google.auth.credentials
import httpx
import pytest
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import get_static_doc
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaIoBaseUpload
from starlette.applications import Starlette

FOLDER, DOCUMENT = "application/vnd.google-apps.folder", "application/vnd.google-apps.document"
TEMPLATE = b"<h1>Proposal for {{client}}</h1><p>Dear <b>{{person}}</b></p><h2>Price</h2><p>{{price}}</p>"


class Bearer(google.auth.credentials.Credentials):
    """A token that never changes."""

    def __init__(self, token: str | None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.token = token

    @property
    def expired(self) -> bool:
        return False

    @property
    def valid(self) -> bool:
        return True

    def refresh(self, request: Any) -> None:
        raise AssertionError("the sandbox refused the token")


def client(url: str, api: str, version: str, bearer: str = "test-client") -> Any:
    """Return Google's client of an API, pointed at the sandbox as the documentation says."""
    document = json.loads(get_static_doc(api, version))
    document["rootUrl"] = f"{url}/google/"
    document["baseUrl"] = document["rootUrl"] + document["servicePath"]
    return build_from_document(document, credentials=Bearer(bearer))


@pytest.fixture
def drive(sandbox: Any) -> Iterator[Any]:
    with client(sandbox.url, "drive", "v3") as api:
        yield api


@pytest.fixture
def docs(sandbox: Any) -> Iterator[Any]:
    with client(sandbox.url, "docs", "v1") as api:
        yield api


@pytest.fixture
def template(drive: Any) -> str:
    return make_template(drive)


def make_template(drive: Any) -> str:
    media = MediaIoBaseUpload(io.BytesIO(TEMPLATE), "text/html")
    made = drive.files().create(body={"name": "Proposal template", "mimeType": DOCUMENT}, media_body=media).execute()
    return str(made["id"])


def make_folder(drive: Any, name: str, **more: Any) -> str:
    return str(drive.files().create(body={"name": name, "mimeType": FOLDER, **more}, fields="id").execute()["id"])


def refusal(call: Any) -> tuple[int, dict[str, Any]]:
    """Return status and error of a call that must fail."""
    with pytest.raises(HttpError) as caught:
        call.execute()
    error = json.loads(caught.value.content)["error"]
    assert error["code"] == caught.value.resp.status
    assert error["message"] == error["errors"][0]["message"]
    return caught.value.resp.status, error | error["errors"][0]


def text_of(document: dict[str, Any]) -> str:
    paragraphs = [element["paragraph"] for element in document["body"]["content"] if "paragraph" in element]
    return "".join(e["textRun"]["content"] for p in paragraphs for e in p["elements"])


def test_a_folder_is_made_and_shown_with_the_default_fields_or_those_asked_for(drive: Any) -> None:
    made = drive.files().create(body={"name": "Northwind", "mimeType": FOLDER}).execute()
    assert made == {"kind": "drive#file", "id": made["id"], "name": "Northwind", "mimeType": FOLDER}
    shown = drive.files().get(fileId=made["id"], fields="parents,webViewLink,owners(me),capabilities/canAddChildren").execute()
    root = drive.files().get(fileId="root", fields="id,name").execute()
    assert shown == {
        "parents": [root["id"]],
        "webViewLink": f"https://drive.google.com/drive/folders/{made['id']}",
        "owners": [{"me": True}],
        "capabilities": {"canAddChildren": True},
    }
    assert root["name"] == "My Drive"


def test_a_template_is_copied_filled_and_read_back(drive: Any, docs: Any, template: str) -> None:
    folder = make_folder(drive, "Northwind")
    body = {"name": "Proposal Northwind", "parents": [folder], "appProperties": {"towline_key": "c1:proposal"}}
    copy = drive.files().copy(fileId=template, body=body, fields="id,name,parents,appProperties,mimeType").execute()
    assert copy | body == copy
    requests = [
        {"replaceAllText": {"containsText": {"text": "{{client}}", "matchCase": True}, "replaceText": "Northwind GmbH"}},
        {"replaceAllText": {"containsText": {"text": "{{person}}", "matchCase": True}, "replaceText": "Ada Byron 🚀"}},
        {"replaceAllText": {"containsText": {"text": "{{nothing}}", "matchCase": True}, "replaceText": "x"}},
    ]
    answer = docs.documents().batchUpdate(documentId=copy["id"], body={"requests": requests}).execute()
    assert [reply["replaceAllText"].get("occurrencesChanged", 0) for reply in answer["replies"]] == [1, 1, 0]
    read = docs.documents().get(documentId=copy["id"]).execute()
    assert text_of(read) == "Proposal for Northwind GmbH\nDear Ada Byron 🚀\nPrice\n{{price}}\n"
    assert read["title"] == "Proposal Northwind"
    assert read["revisionId"] == answer["writeControl"]["requiredRevisionId"]
    headings = [p["paragraph"]["paragraphStyle"]["namedStyleType"] for p in read["body"]["content"][1:]]
    assert headings == ["HEADING_1", "NORMAL_TEXT", "HEADING_2", "NORMAL_TEXT"]
    assert text_of(docs.documents().get(documentId=template).execute()).startswith("Proposal for {{client}}")


def test_a_copy_inherits_properties_unless_they_are_cleared(drive: Any) -> None:
    source = drive.files().create(body={"name": "a", "mimeType": DOCUMENT, "appProperties": {"x": "1", "y": "2"}}).execute()
    copy = drive.files().copy(fileId=source["id"], body={"appProperties": {"y": None}}, fields="name,appProperties").execute()
    assert copy == {"name": "Copy of a", "appProperties": {"x": "1"}}


def test_a_document_is_made_written_and_guarded_by_its_revision(docs: Any) -> None:
    made = docs.documents().create(body={"title": "Notes"}).execute()
    insert = [{"insertText": {"location": {"index": 1}, "text": "Hello\nWorld"}}]
    body = {"requests": insert, "writeControl": {"requiredRevisionId": made["revisionId"]}}
    first = docs.documents().batchUpdate(documentId=made["documentId"], body=body).execute()
    assert first["replies"] == [{}]
    status, error = refusal(docs.documents().batchUpdate(documentId=made["documentId"], body=body))
    assert (status, error["status"]) == (400, "FAILED_PRECONDITION")
    shown = docs.documents().get(documentId=made["documentId"]).execute()
    assert text_of(shown) == "Hello\nWorld\n"
    assert shown["revisionId"] == first["writeControl"]["requiredRevisionId"] != made["revisionId"]
    tabs = docs.documents().get(documentId=made["documentId"], includeTabsContent=True, fields="tabs").execute()["tabs"]
    assert text_of(tabs[0]["documentTab"]) == "Hello\nWorld\n"


def test_a_failing_request_leaves_a_document_untouched(docs: Any) -> None:
    document = docs.documents().create(body={"title": "Notes"}).execute()["documentId"]
    requests = [{"insertText": {"location": {"index": 1}, "text": "x"}}, {"insertText": {"location": {"index": 99}, "text": "y"}}]
    status, error = refusal(docs.documents().batchUpdate(documentId=document, body={"requests": requests}))
    assert (status, error["status"]) == (400, "INVALID_ARGUMENT")
    assert error["message"].startswith("Invalid requests[1].insertText:")
    assert text_of(docs.documents().get(documentId=document).execute()) == "\n"
    status, error = refusal(docs.documents().batchUpdate(documentId=document, body={"requests": [{"fly": {}}]}))
    assert status == 400
    assert "fly" in error["message"]


def test_files_are_found_by_app_property_parent_and_name(drive: Any) -> None:
    folder = make_folder(drive, "Northwind's", appProperties={"towline_key": "c1:folder"})
    inside = make_folder(drive, "Project", parents=[folder])

    def found(q: str) -> list[str]:
        answer = drive.files().list(q=q, fields="files(id)").execute()
        return [file["id"] for file in answer["files"]]

    assert found("appProperties has { key='towline_key' and value='c1:folder' } and trashed = false") == [folder]
    assert found("appProperties has { key='towline_key' and value='c2:folder' }") == []
    assert found(f"'{folder}' in parents and mimeType = '{FOLDER}'") == [inside]
    assert found("name = 'northwind\\'s'") == [folder]
    assert found("'root' in parents and name contains 'north'") == [folder]
    assert set(found("name contains 'pro' or name contains 'north'")) == {folder, inside}
    assert set(found("")) == {folder, inside}


def test_many_keys_are_looked_for_at_once(drive: Any) -> None:
    """The client sends so long a question as a POST that stands for a GET."""
    made = [make_folder(drive, f"f{n}", appProperties={"towline_key": f"c{n}:folder"}) for n in range(6)]
    keys = " or ".join(f"appProperties has {{ key='towline_key' and value='c{n}:folder' }}" for n in range(2, 100))
    answer = drive.files().list(q=f"({keys}) and trashed = false", orderBy="name", fields="files(id)").execute()
    assert [file["id"] for file in answer["files"]] == made[2:]


def test_long_lists_come_in_pages(drive: Any) -> None:
    made = [make_folder(drive, f"folder {number}") for number in range(5)]
    call = drive.files().list(pageSize=2, orderBy="name desc", q="trashed = false")
    pages = []
    while call is not None:
        pages.append(call.execute())
        call = drive.files().list_next(call, pages[-1])
    assert [file["id"] for page in pages for file in page["files"]] == made[::-1]
    assert [len(page["files"]) for page in pages] == [2, 2, 1]
    status, error = refusal(drive.files().list(pageSize=2, pageToken=pages[0]["nextPageToken"], q="starred = true"))
    assert (status, error["location"]) == (400, "pageToken")


@pytest.mark.parametrize(
    ("arguments", "location"),
    [
        ({"q": "nam = 'x'"}, "q"),
        ({"q": "not " * 1_500 + "trashed = true"}, "q"),
        ({"orderBy": "colour"}, "orderBy"),
        ({"pageSize": 1001}, "pageSize"),
        ({"fields": "files(colour)"}, "fields"),
        ({"pageToken": "!"}, "pageToken"),
    ],
)
def test_a_bad_list_request_names_its_parameter(drive: Any, arguments: dict[str, Any], location: str) -> None:
    status, error = refusal(drive.files().list(**arguments))
    assert (status, error["status"], error["location"]) == (400, "INVALID_ARGUMENT", location)


def test_properties_merge_and_a_null_clears_one(drive: Any) -> None:
    file = make_folder(drive, "a", appProperties={"x": "1", "y": "2"})
    patch = {"name": "b", "appProperties": {"y": None, "z": "3"}}
    assert drive.files().update(fileId=file, body=patch, fields="name,appProperties").execute() == {
        "name": "b",
        "appProperties": {"x": "1", "z": "3"},
    }
    status, _ = refusal(drive.files().update(fileId=file, body={"appProperties": {"long": "x" * 121}}))
    assert status == 400


def test_a_file_moves_between_folders(drive: Any) -> None:
    here, there = make_folder(drive, "here"), make_folder(drive, "there")
    file = make_folder(drive, "a", parents=[here])
    moved = drive.files().update(fileId=file, addParents=there, removeParents=here, fields="parents").execute()
    assert moved == {"parents": [there]}
    assert refusal(drive.files().update(fileId=file, addParents=here))[0] == 403
    assert refusal(drive.files().update(fileId=file, body={"parents": [here]}))[1]["reason"] == "fieldNotWritable"
    assert refusal(drive.files().update(fileId=there, addParents=file, removeParents="root"))[0] == 403
    assert refusal(drive.files().create(body={"name": "x", "parents": ["nowhere"]}))[0] == 404


def test_what_lies_in_a_trashed_folder_is_trashed_too_and_comes_back_with_it(drive: Any) -> None:
    folder = make_folder(drive, "old")
    inside = make_folder(drive, "inside", parents=[folder])
    drive.files().update(fileId=folder, body={"trashed": True}).execute()
    fields = "trashed,explicitlyTrashed"
    assert drive.files().get(fileId=inside, fields=fields).execute() == {"trashed": True, "explicitlyTrashed": False}
    assert drive.files().list(q="trashed = false").execute()["files"] == []
    drive.files().update(fileId=folder, body={"trashed": False}).execute()
    assert drive.files().get(fileId=inside, fields=fields).execute() == {"trashed": False, "explicitlyTrashed": False}


def test_who_has_modified_a_document_last_is_told(drive: Any, docs: Any, sandbox: Any, template: str) -> None:
    who = drive.files().get(fileId=template, fields="lastModifyingUser(me)")
    assert who.execute() == {"lastModifyingUser": {"me": True}}
    edit = {"system": "docs", "kind": "documents", "id": template, "properties": {"text": "One more thing"}}
    sandbox.control("PATCH", "people", edit)
    assert who.execute() == {"lastModifyingUser": {"me": False}}
    insert = {"insertText": {"endOfSegmentLocation": {}, "text": "and another"}}
    docs.documents().batchUpdate(documentId=template, body={"requests": [insert]}).execute()
    assert who.execute() == {"lastModifyingUser": {"me": True}}


def test_a_deleted_folder_takes_its_content_along(drive: Any) -> None:
    folder = make_folder(drive, "old")
    inside = make_folder(drive, "inside", parents=[folder])
    assert drive.files().delete(fileId=folder).execute() == ""
    status, error = refusal(drive.files().get(fileId=inside))
    assert (status, error["reason"], error["message"]) == (404, "notFound", f"File not found: {inside}.")


def test_generated_ids_make_a_create_repeatable_but_not_for_documents(drive: Any) -> None:
    first, second = drive.files().generateIds(count=2).execute()["ids"]
    assert make_folder(drive, "once", id=first) == first
    status, error = refusal(drive.files().create(body={"id": first, "name": "again", "mimeType": FOLDER}))
    assert (status, error["reason"]) == (409, "fileIdInUse")
    assert refusal(drive.files().create(body={"id": "made-up", "name": "x", "mimeType": FOLDER}))[0] == 400
    status, error = refusal(drive.files().create(body={"id": second, "name": "x", "mimeType": DOCUMENT}))
    assert (status, error["message"]) == (400, "Generated IDs are not supported for Docs Editors formats.")


@pytest.mark.parametrize("resumable", [False, True])
def test_content_is_uploaded_in_one_go_or_in_pieces_and_downloaded_again(drive: Any, resumable: bool) -> None:
    content = bytes(range(256)) * 2400  # 614,400 bytes: three pieces of 262,144
    media = MediaIoBaseUpload(io.BytesIO(content), "application/octet-stream", chunksize=262_144, resumable=resumable)
    body = {"name": "a.bin", "appProperties": {"towline_key": "c1:upload"}}
    made = drive.files().create(body=body, media_body=media, fields="id,size,mimeType,md5Checksum").execute()
    assert made["size"] == str(len(content))
    assert drive.files().get_media(fileId=made["id"]).execute() == content
    shorter = MediaIoBaseUpload(io.BytesIO(b"new"), "text/plain", resumable=resumable)
    changed = drive.files().update(fileId=made["id"], media_body=shorter, fields="size,name,mimeType").execute()
    assert changed == {"size": "3", "name": "a.bin", "mimeType": "text/plain"}
    assert drive.files().get_media(fileId=made["id"]).execute() == b"new"


def test_a_simple_upload_needs_no_metadata(drive: Any) -> None:
    made = drive.files().create(media_body=MediaIoBaseUpload(io.BytesIO(b"hello"), "text/plain")).execute()
    assert (made["name"], made["mimeType"]) == ("Untitled", "text/plain")


def test_a_template_is_exported_and_a_file_is_not(drive: Any, template: str) -> None:
    assert drive.files().export(fileId=template, mimeType="text/plain").execute().decode("utf-8-sig").split("\r\n")[2:] == [
        "Price",
        "{{price}}",
    ]
    assert b"<h1>Proposal for {{client}}</h1>" in drive.files().export(fileId=template, mimeType="text/html").execute()
    assert drive.files().export(fileId=template, mimeType="application/pdf").execute().startswith(b"%PDF-")
    assert refusal(drive.files().export(fileId=template, mimeType="image/png"))[0] == 400
    folder = make_folder(drive, "f")
    assert refusal(drive.files().export(fileId=folder, mimeType="text/plain"))[1]["reason"] == "fileNotExportable"
    assert refusal(drive.files().get_media(fileId=template))[1]["reason"] == "fileNotDownloadable"
    assert refusal(drive.files().copy(fileId=folder, body={}))[1]["reason"] == "cannotCopyFile"


def test_what_cannot_become_a_document_is_refused(drive: Any) -> None:
    media = MediaIoBaseUpload(io.BytesIO(b"PK"), "application/zip")
    assert refusal(drive.files().create(body={"name": "x", "mimeType": DOCUMENT}, media_body=media))[0] == 400


def test_a_locked_document_takes_no_edits_until_it_is_unlocked(drive: Any, docs: Any, template: str) -> None:
    lock = {"contentRestrictions": [{"readOnly": True, "reason": "Approved"}]}
    locked = (
        drive.files().update(fileId=template, body=lock, fields="contentRestrictions,capabilities/canModifyContent").execute()
    )
    assert locked["contentRestrictions"][0]["readOnly"]
    assert locked["contentRestrictions"][0]["reason"] == "Approved"
    assert locked["capabilities"] == {"canModifyContent": False}
    edit = {"requests": [{"insertText": {"location": {"index": 1}, "text": "x"}}]}
    status, error = refusal(docs.documents().batchUpdate(documentId=template, body=edit))
    assert (status, error["status"], error["reason"]) == (403, "PERMISSION_DENIED", "forbidden")
    assert refusal(drive.files().update(fileId=template, body={"name": "new"}))[0] == 403
    media = MediaIoBaseUpload(io.BytesIO(b"x"), "text/plain")
    assert refusal(drive.files().update(fileId=template, media_body=media))[0] == 403
    drive.files().update(fileId=template, body={"appProperties": {"state": "locked"}}).execute()
    copy = drive.files().copy(fileId=template, body={}, fields="id,contentRestrictions").execute()
    assert "contentRestrictions" not in copy
    drive.files().update(fileId=template, body={"contentRestrictions": [{"readOnly": False}]}).execute()
    docs.documents().batchUpdate(documentId=template, body=edit).execute()


def test_a_lock_says_who_when_and_why_and_may_be_the_owners_alone(drive: Any, template: str) -> None:
    shown = "contentRestrictions,capabilities(canEdit,canRemoveContentRestriction)"
    lock = {"contentRestrictions": [{"readOnly": True, "reason": "Approved", "ownerRestricted": True}]}
    locked = drive.files().update(fileId=template, body=lock, fields=shown).execute()
    (restriction,) = locked["contentRestrictions"]
    assert restriction["restrictionTime"].endswith("Z")
    assert restriction["restrictingUser"]["me"]
    assert (restriction["type"], restriction["ownerRestricted"]) == ("globalContentRestriction", True)
    assert locked["capabilities"] == {"canEdit": False, "canRemoveContentRestriction": True}
    unlock = {"contentRestrictions": [{"readOnly": False}]}
    opened = drive.files().update(fileId=template, body=unlock, fields=shown).execute()
    assert opened == {"capabilities": {"canEdit": True, "canRemoveContentRestriction": False}}
    for wrong in ([{"readOnly": "yes"}], [{"readOnly": True, "reason": 5}], [{"readOnly": True}] * 2, ["x"]):
        assert refusal(drive.files().update(fileId=template, body={"contentRestrictions": wrong}))[0] == 400


def test_a_page_with_a_table_is_shown_filled_and_exported(drive: Any, docs: Any) -> None:
    """Given a page with a table, When it becomes a document and is filled, Then every format has the table's text."""
    page = b"<h2>Price</h2><table><tr><td style='background-color:#eeeeee'>Total</td><td>{{total}}</td></tr></table>"
    media = MediaIoBaseUpload(io.BytesIO(page), "text/html")
    made = drive.files().create(body={"name": "Offer", "mimeType": DOCUMENT}, media_body=media).execute()["id"]
    fill = {"replaceAllText": {"containsText": {"text": "{{total}}", "matchCase": True}, "replaceText": "EUR 5"}}
    replies = docs.documents().batchUpdate(documentId=made, body={"requests": [fill]}).execute()["replies"]
    assert replies == [{"replaceAllText": {"occurrencesChanged": 1}}]
    table = docs.documents().get(documentId=made).execute()["body"]["content"][2]["table"]
    texts = [cell["content"][0]["paragraph"]["elements"][0]["textRun"]["content"] for cell in table["tableRows"][0]["tableCells"]]
    assert texts == ["Total\n", "EUR 5\n"]
    plain, html, pdf = (
        drive.files().export(fileId=made, mimeType=kind).execute() for kind in ("text/plain", "text/html", "application/pdf")
    )
    assert plain.decode("utf-8-sig").split("\r\n")[:3] == ["Price", "Total", "EUR 5"]
    assert b"background-color:#eeeeee" in html
    assert pdf.startswith(b"%PDF-")
    saved = MediaIoBaseUpload(io.BytesIO(pdf), "application/pdf")
    kept = drive.files().create(body={"name": "Offer.pdf"}, media_body=saved, fields="id,mimeType,size").execute()
    assert (kept["mimeType"], kept["size"]) == ("application/pdf", str(len(pdf)))


def test_people_are_let_in_once_and_taken_out_again(drive: Any) -> None:
    folder = make_folder(drive, "shared")
    body = {"type": "user", "role": "reader", "emailAddress": "ada@northwind.example"}
    made = drive.permissions().create(fileId=folder, body=body, sendNotificationEmail=False).execute()
    assert made == {"kind": "drive#permission", "id": made["id"], "type": "user", "role": "reader"}
    again = drive.permissions().create(fileId=folder, body=body | {"role": "writer"}).execute()
    assert again["id"] == made["id"]
    listed = drive.permissions().list(fileId=folder, fields="permissions(role,emailAddress)").execute()["permissions"]
    assert [p["role"] for p in listed] == ["owner", "writer"]
    assert drive.files().get(fileId=folder, fields="shared").execute() == {"shared": True}
    drive.permissions().delete(fileId=folder, permissionId=made["id"]).execute()
    assert refusal(drive.permissions().get(fileId=folder, permissionId=made["id"]))[0] == 404
    assert refusal(drive.permissions().create(fileId=folder, body={"type": "user", "role": "reader"}))[0] == 400
    assert refusal(drive.permissions().create(fileId=folder, body=body | {"role": "boss"}))[0] == 400


def test_about_needs_to_be_told_what_to_say(drive: Any) -> None:
    assert drive.about().get(fields="user(me)").execute() == {"user": {"me": True}}
    assert refusal(drive.about().get())[1]["reason"] == "required"


def test_a_batch_answers_every_call_on_its_own(drive: Any, sandbox: Any) -> None:
    answers: dict[str, Any] = {}
    batch = drive.new_batch_http_request(callback=lambda call, value, error: answers.update({call: error or value}))
    for number in range(99):
        body = {"name": f"folder {number}", "mimeType": FOLDER, "appProperties": {"towline_key": f"c{number}:folder"}}
        batch.add(drive.files().create(body=body, fields="id,name"), request_id=f"call {number}")
    batch.add(drive.files().get(fileId="nothing"), request_id="missing")
    batch.execute()
    assert len(answers) == 100
    assert [answers[f"call {number}"]["name"] for number in range(99)] == [f"folder {number}" for number in range(99)]
    assert answers["missing"].resp.status == 404
    requests = [r for r in sandbox.control("GET", "requests?since=0") if r["path"] == "/drive/v3/files"]
    assert {r["key"] for r in requests} == {f"c{number}:folder" for number in range(99)}
    assert len(sandbox.control("GET", "objects?system=docs")["folders"]) == 99


async def test_a_batch_of_more_than_100_calls_is_refused(http: httpx.AsyncClient) -> None:
    part = "--b\r\nContent-Type: application/http\r\n\r\nGET /drive/v3/files HTTP/1.1\r\n\r\n"
    headers = {"Content-Type": "multipart/mixed; boundary=b"}
    for calls, status in ((100, 200), (101, 400)):
        answer = await http.post("/google/batch/drive/v3", content=part * calls + "--b--", headers=headers)
        assert answer.status_code == status
    assert "at most 100" in answer.json()["error"]["message"]


def test_a_fault_inside_a_batch_hits_one_call_only(drive: Any, sandbox: Any) -> None:
    sandbox.control("POST", "faults", {"system": "docs", "operation": "POST /drive/v3/files", "status": 503, "count": 1})
    outcomes: list[Any] = []
    batch = drive.new_batch_http_request(callback=lambda call, value, error: outcomes.append(error and error.resp.status))
    for name in ("a", "b", "c"):
        batch.add(drive.files().create(body={"name": name, "mimeType": FOLDER}))
    batch.execute()
    assert sorted(outcomes, key=str) == [503, None, None]


def test_a_bad_token_is_refused(sandbox: Any) -> None:
    with client(sandbox.url, "drive", "v3", "revoked-token") as drive, client(sandbox.url, "docs", "v1", "invalid") as docs:
        for call in (drive.files().list(), docs.documents().get(documentId="x")):
            call.http.credentials.refresh = lambda request: None  # the client would refresh a refused token and try again
            status, error = refusal(call)
            assert (status, error["status"]) == (401, "UNAUTHENTICATED")
    bare = httpx.get(f"{sandbox.url}/google/drive/v3/files")
    assert bare.status_code == 401
    assert bare.headers["www-authenticate"].startswith("Bearer realm=")


def test_what_does_not_exist_is_not_found(drive: Any, docs: Any) -> None:
    for call in (
        drive.files().update(fileId="nothing", body={"name": "x"}),
        drive.files().copy(fileId="nothing", body={}),
        drive.files().delete(fileId="nothing"),
        drive.permissions().list(fileId="nothing"),
        docs.documents().get(documentId="nothing"),
        docs.documents().batchUpdate(documentId="nothing", body={"requests": []}),
    ):
        status, error = refusal(call)
        assert (status, error["status"]) == (404, "NOT_FOUND")


def test_a_folder_is_no_document(drive: Any, docs: Any) -> None:
    assert refusal(docs.documents().get(documentId=make_folder(drive, "f")))[1]["status"] == "FAILED_PRECONDITION"


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({"nonsense": 1}, 400, "invalid"),
        ({"name": 5}, 400, "invalid"),
        ({"appProperties": {"x": 1}}, 400, "invalid"),
        ({"parents": [1]}, 400, "invalid"),
        ({"webViewLink": "x"}, 403, "fieldNotWritable"),
    ],
)
def test_a_file_with_wrong_fields_is_refused(drive: Any, body: dict[str, Any], status: int, reason: str) -> None:
    code, error = refusal(drive.files().create(body=body))
    assert (code, error["reason"]) == (status, reason)


def test_documents_are_written_600_times_a_minute_and_then_more_slowly(limited_sandbox: Any) -> None:
    """Given a project that writes without a pause, When its 600 writes are used up, Then it is told when to go on."""
    http = limited_sandbox.http
    document = http.post("/google/v1/documents", json={"title": "x"}).json()["documentId"]
    answers = [http.post(f"/google/v1/documents/{document}:batchUpdate", json={}) for _ in range(640)]
    refused = next(answer for answer in answers if answer.status_code != 200)
    assert refused.status_code == 429
    assert refused.json()["error"]["status"] == "RESOURCE_EXHAUSTED"
    assert refused.json()["error"]["errors"][0]["reason"] == "rateLimitExceeded"
    assert int(refused.headers["retry-after"]) >= 1
    assert http.get(f"/google/v1/documents/{document}").status_code == 200


async def test_an_access_token_is_issued_and_ends(http: httpx.AsyncClient) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh-token", "client_id": "app", "client_secret": "s"}
    issued = (await http.post("/google/token", data=form, headers={"Authorization": ""})).json()
    assert (issued["expires_in"], issued["token_type"]) == (3599, "Bearer")
    headers = {"Authorization": f"Bearer {issued['access_token']}"}
    assert (await http.get("/google/drive/v3/files", headers=headers)).status_code == 200
    await http.post("/_sandbox/oauth", json={"system": "docs", "expires_in": 0})
    stale = (await http.post("/google/token", data=form)).json()["access_token"]
    refused = await http.get("/google/drive/v3/files", headers={"Authorization": f"Bearer {stale}"})
    assert refused.status_code == 401
    for wrong, error in (
        ({"refresh_token": "revoked"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ):
        answer = await http.post("/google/token", data=form | wrong)
        assert (answer.status_code, answer.json()["error"]) == (400, error)
    code = form | {"grant_type": "authorization_code", "code": "4/abc"}
    assert "refresh_token" in (await http.post("/google/token", data=code)).json()


async def test_objects_are_shown_with_key_and_text(http: httpx.AsyncClient) -> None:
    made = (await http.post("/google/v1/documents", json={"title": "Notes"})).json()["documentId"]
    await http.patch(f"/google/drive/v3/files/{made}", json={"appProperties": {"towline_key": "c1:notes"}})
    requests = [{"insertText": {"location": {"index": 1}, "text": "Hello"}}]
    await http.post(f"/google/v1/documents/{made}:batchUpdate", json={"requests": requests})
    (record,) = (await http.get("/_sandbox/objects", params={"system": "docs"})).json()["documents"]
    assert (record["id"], record["key"], record["object"]["name"]) == (made, "c1:notes", "Notes")
    assert record["object"]["contentHints"]["indexableText"] == "Hello\n"


async def test_what_is_not_json_or_not_there_is_refused_in_googles_shape(http: httpx.AsyncClient) -> None:
    for path, body, status in (
        ("/google/drive/v3/files", b"{", 400),
        ("/google/drive/v3/files", b"[]", 400),
        ("/google/v1/documents", b"[]", 400),
        ("/google/drive/v3/nothing", b"{}", 404),
        ("/google/upload/drive/v3/files?uploadType=multipart", b"x", 400),
        ("/google/upload/drive/v3/files?uploadType=magic", b"x", 400),
        ("/google/batch/drive/v3", b"x", 400),
    ):
        answer = await http.post(path, content=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, status), path


def test_files_and_documents_outlive_a_restart(serve: Callable[..., Any], tmp_path: Any) -> None:
    first = serve(state=tmp_path)
    with client(first.url, "drive", "v3") as drive:
        template = make_template(drive)
        folder = make_folder(drive, "kept", appProperties={"towline_key": "c1:folder"})
        drive.files().delete(fileId=make_folder(drive, "gone")).execute()
    second = serve(state=tmp_path)
    with client(second.url, "drive", "v3") as drive, client(second.url, "docs", "v1") as docs:
        q = "appProperties has { key='towline_key' and value='c1:folder' }"
        assert [file["id"] for file in drive.files().list(q=q).execute()["files"]] == [folder]
        assert text_of(docs.documents().get(documentId=template).execute()).startswith("Proposal for")
        assert len(drive.files().list().execute()["files"]) == 2


def test_the_app_of_the_tests_has_drive(app: Starlette) -> None:
    assert app.state.systems["docs"].mount == "/google"
