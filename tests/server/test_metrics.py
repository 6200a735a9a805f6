import pytest
from starlette.testclient import TestClient


@pytest.fixture
def here(app):
    """A client on the machine of the server, who is nobody."""
    return TestClient(app, base_url="http://localhost", client=("127.0.0.1", 4000))


def test_requests_are_counted_by_route_and_never_by_name(client_as, here):
    viewer = client_as("viewer")
    for project in ("casings", "plates", "nowhere"):
        viewer.get(f"/api/orgs/local/projects/{project}/jobs")
    viewer.get("/no/such/page/of/casings")
    text = here.get("/metrics").text
    route = 'route="/api/orgs/{organisation}/projects/{project}/jobs"'
    assert f'pitmark_requests_total{{method="GET",{route},status="200"}} 2.0' in text
    assert f'pitmark_requests_total{{method="GET",{route},status="404"}} 1.0' in text
    assert f'pitmark_request_seconds_count{{method="GET",{route}}} 3.0' in text
    for name in ("casings", "plates", "nowhere", "local", "acme", "such/page"):
        assert name not in text


def test_jobs_and_images_are_counted(client_as, here):
    path = "/api/orgs/local/projects/casings/jobs"
    client_as("admin").post(path, json={"kind": "train", "options": {}})
    lines = here.get("/metrics").text.splitlines()
    assert 'pitmark_jobs{kind="train",state="queued"} 1.0' in lines
    assert "pitmark_images 28.0" in lines
    assert "pitmark_projects 3.0" in lines


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.0.0.7", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "10.0.0.7"}, 403),
        ("10.0.0.7", {"Authorization": "Bearer nonsense"}, 401),
    ],
)
def test_metrics_are_for_this_machine(app, address, headers, status):
    client = TestClient(app, base_url="http://localhost", client=(address, 4000))
    assert client.get("/metrics", headers=headers).status_code == status


@pytest.mark.parametrize(("scope", "status"), [("manage", 200), ("read", 403)])
def test_metrics_are_for_tokens_that_may_manage(app, client_as, scope, status):
    new = {"name": "monitor", "scope": scope}
    secret = client_as("admin").post("/api/orgs/local/tokens", json=new).json()["secret"]
    client = TestClient(app, base_url="http://localhost", client=("10.0.0.7", 4000))
    got = client.get("/metrics", headers={"Authorization": f"Bearer {secret}"})
    assert got.status_code == status


def test_a_signed_in_person_elsewhere_may_not_read_metrics(client_as):
    # The test client says that it is a machine called "testclient".
    assert client_as("owner").get("/metrics").status_code == 403
