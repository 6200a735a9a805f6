import pytest

from tests.e2e.browsing import browsing, serving

FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="module")
def browser(request, tmp_path_factory):
    """A server of its own and a browser before it, for the tests of one file."""
    name = request.path.stem
    folder = tmp_path_factory.mktemp(name)
    limit_s = getattr(request.module, "LIMIT_S", 300)
    with serving(folder) as server, browsing(server, name, limit_s) as opened:
        yield opened
        if request.node.stash.get(FAILED, False):
            opened.keep(f"{name}-set-up")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Let fixtures know how the test ended, those of a file whether its setting up failed."""
    report = yield
    if report.failed:
        of = item.getparent(pytest.Module) if report.when == "setup" else item
        of.stash[FAILED] = True
    return report


@pytest.fixture(autouse=True)
def kept(request):
    """Keep trace, picture and logs of a test in the browser that fails."""
    if "browser" not in request.fixturenames:
        yield
        return
    browser = request.getfixturevalue("browser")
    browser.begin_trace()
    yield
    browser.end_trace(request.node.name, failed=request.node.stash.get(FAILED, False))
