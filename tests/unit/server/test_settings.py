"""Every setting that can be wrong, and the sentence that is said about it."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from insula.server import settings
from insula.server.declared import DECLARED
from insula.server.errors import SettingsWrong
from insula.server.settings_report import reference, rows

POSTGRES = {"DB_DIALECT": "postgres", "DB_DATABASE": "insula", "DB_USER": "insula"}
MARIADB = {"DB_DIALECT": "mariadb", "DB_DATABASE": "insula", "DB_USER": "insula"}
WORKER = {
    "APP_MODE": "worker",
    "APP_DISCOVERY_ADAPTER": "remote",
    "APP_PROCESS_ADAPTER": "local",
    "APP_COMMAND_ADAPTER": "redis",
    "APP_SUPERVISOR_REDIS_URL": "redis://localhost:6379/0",
    "APP_COMMAND_REDIS_URL": "redis://localhost:6379/0",
    "ENVIRONMENT_NAME": "env_a",
    "ENVIRONMENT_URL": "http://localhost:15000",
}
SUPERVISOR = {
    name: value for name, value in WORKER.items() if not name.startswith("ENVIRONMENT_")
} | {"APP_MODE": "supervisor", "APP_PROCESS_ADAPTER": "remote"}  # fmt: skip


def without(variables: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in variables.items() if key != name}


def read(tmp_path: Path, variables: dict[str, str]) -> settings.Reading:
    return settings.read(variables, tmp_path)


WRONG = [
    ({"APP_PORT": "abc"}, 'APP_PORT is "abc"; write a number between 1 and 65535, such as APP_PORT=13000.'),
    ({"APP_PORT": "0"}, 'APP_PORT is "0"; write a number between 1 and 65535'),
    ({"APP_PORT": "65536"}, "write a number between 1 and 65535"),
    ({"APP_PORT": "1e400"}, "write a number between 1 and 65535"),
    (POSTGRES | {"DB_PORT": "abc"}, 'DB_PORT is "abc"; write a number between 1 and 65535, such as DB_PORT=5432.'),
    ({"DB_DIALECT": "oracle"}, 'DB_DIALECT is "oracle"; write sqlite, postgres, mariadb or mysql'),
    ({"DB_DIALECT": "mariadb", "DB_USER": "a"}, "DB_DATABASE is not set; with DB_DIALECT=mariadb write it"),
    (MARIADB | {"DB_STORAGE": "x"}, "DB_STORAGE is set, but DB_DIALECT is mariadb"),
    (MARIADB | {"DB_SCHEMA": "x"}, "DB_SCHEMA is set, but DB_DIALECT is mariadb, which has no schemas"),
    ({"DB_HOST": "db"}, "DB_HOST is set, but DB_DIALECT is not; write DB_DIALECT=postgres."),
    (
        {"DB_DIALECT": "sqlite", "DB_HOST": "db"},
        "DB_HOST is set, but DB_DIALECT is sqlite; write DB_DIALECT=postgres or leave DB_HOST out.",
    ),
    ({"DB_DIALECT": "postgres", "DB_USER": "a"}, "DB_DATABASE is not set; with DB_DIALECT=postgres write it"),
    ({"DB_DIALECT": "postgres", "DB_DATABASE": "a"}, "DB_USER is not set; with DB_DIALECT=postgres write it"),
    (POSTGRES | {"DB_STORAGE": "x"}, "DB_STORAGE is set, but DB_DIALECT is postgres"),
    ({"TZ": "Mars/Olympus"}, 'TZ is "Mars/Olympus"; write a time zone, such as TZ=Europe/Berlin.'),
    ({"TZ": "../../etc/passwd"}, "write a time zone"),
    ({"LOGGER_LEVEL": "loud"}, 'LOGGER_LEVEL is "loud"; write debug, info, warning or error'),
    ({"API_BASE_PATH": "api"}, 'API_BASE_PATH is "api"; write a path that begins and ends with a slash'),
    ({"API_BASE_PATH": "/apps/"}, "but pages live under /apps/; write another path"),
    ({"APP_TRUSTED_PROXIES": "10.0.0.0/99"}, 'APP_TRUSTED_PROXIES is "10.0.0.0/99"; write networks'),
    ({"INSULA_URL": "ftp://x"}, 'INSULA_URL is "ftp://x"; write an address that begins with http:// or https://'),
    ({"INSULA_URL": "http://"}, "write an address that begins with"),
    ({"DB_STORAGE": ":memory:"}, 'DB_STORAGE is ":memory:"; write the path of a file, such as DB_STORAGE=storage/main'),
    ({"DB_STORAGE": "file:x?mode=memory"}, "write the path of a file"),
    (
        WORKER | {"APP_COMMAND_REDIS_URL": "http://x"},
        "APP_COMMAND_REDIS_URL is not usable; write an address that begins with redis:// or rediss://",
    ),
    *(
        (
            WORKER | {"APP_SUPERVISOR_AES_SECRET_KEY": key},
            "APP_SUPERVISOR_AES_SECRET_KEY is not usable; write 64 hex digits, such as",
        )
        for key in ("x", "ab" * 31, "ab" * 33, "ab" * 31 + "xy", "0x" + "ab" * 31, " " + "ab" * 32, "ab:" * 21 + "a")
    ),
    (WORKER | {"ENVIRONMENT_PROXY_URL": "worker_a"}, 'ENVIRONMENT_PROXY_URL is "worker_a"; write an address'),
    (
        WORKER | {"ENVIRONMENT_NAME": "local"},
        'ENVIRONMENT_NAME is "local", which means the process of a single installation; write another name, such as',
    ),
    (WORKER | {"ENVIRONMENT_PROXY_URL": "http://"}, "ENVIRONMENT_PROXY_URL is \"http://\"; write an address"),
    ({"APP_KEY": "short"}, "APP_KEY has 5 characters; write at least 32 random characters"),
    ({"APP_KEY": "ab" * 20}, "APP_KEY has only 2 different characters"),
    ({"APP_KEY": "your-secret-key-please-change-me-now"}, "APP_KEY looks like a copied example"),
    ({"INIT_ROOT_EMAIL": "nobody"}, 'INIT_ROOT_EMAIL is "nobody"; write an e-mail address'),
    ({"INIT_ROOT_EMAIL": "a@b.c"}, "INIT_ROOT_EMAIL is set, but INIT_ROOT_PASSWORD is not"),
    (
        {"INIT_ROOT_EMAIL": "a@b.c", "INIT_ROOT_PASSWORD": "short"},
        "INIT_ROOT_PASSWORD is not usable; write at least 8 characters",
    ),
    (
        {"INIT_ROOT_EMAIL": "a@b.c", "INIT_ROOT_PASSWORD": "Password123"},
        "INIT_ROOT_PASSWORD is too easy to guess; choose another",
    ),
    ({"INIT_ROOT_USERNAME": "a@b.c"}, 'INIT_ROOT_USERNAME is "a@b.c"; write a name of 1 to 50 characters without'),
    ({"INSULA_LOG_FROMAT": "json"}, "INSULA_LOG_FROMAT is no setting of Insula; did you mean INSULA_LOG_FORMAT?"),
    ({"INSULA_ZZZ": ""}, "INSULA_ZZZ is no setting of Insula; docs/reference/settings.md lists all settings."),
    ({"INSULA_STOP_TIMEOUT_S": "-1"}, "write a number of seconds between 0 and 600"),
    ({"INSULA_STOP_TIMEOUT_S": "nan"}, "write a number of seconds between 0 and 600"),
    (
        {"APP_COMMAND_ADAPTER": "none", "APP_COMMAND_ADPATER": "redis"},
        "APP_COMMAND_ADAPTER and APP_COMMAND_ADPATER, another spelling of it, have different values",
    ),
    (
        {"INSULA_FAILPOINTS": "create.recorded=kill"},
        "INSULA_FAILPOINTS is set, which lets the process fail on purpose; leave it out.",
    ),
    (
        {"INSULA_FAILPOINTS": "create.recorded=die", "INSULA_TESTING": "true"},
        "INSULA_FAILPOINTS: 'die' is none of kill, stop, fail, hold, delay:<seconds>; write places and effects",
    ),
    ({"APP_MODE": "cluster"}, 'APP_MODE is "cluster"; write single, supervisor or worker'),
    (
        {"APP_DISCOVERY_ADAPTER": "remote"},
        'APP_DISCOVERY_ADAPTER is "remote", which does not go with APP_MODE=single; write APP_DISCOVERY_ADAPTER=local.',
    ),
    ({"APP_PROCESS_ADAPTER": "docker"}, 'APP_PROCESS_ADAPTER is "docker"; write local or remote'),
    ({"APP_COMMAND_ADAPTER": "redis"}, "does not go with APP_MODE=single; leave APP_COMMAND_ADAPTER out."),
    ({**WORKER, "APP_COMMAND_REDIS_URL": "redis://:s3cr3t@h:99999/0"}, "APP_COMMAND_REDIS_URL has a port or a number that can not be; write"),
    ({**SUPERVISOR, "APP_SUPERVISOR_REDIS_URL": "rediss://h/first"}, "APP_SUPERVISOR_REDIS_URL has a port or a number"),
    ({"INSULA_URL": "https://example.com/?x=1"}, "INSULA_URL has a port that can not be, or a user, a password, ? or #, which are no part of it; write an address that begins with http:// or https://, such as"),
    ({**WORKER, "ENVIRONMENT_URL": "http://localhost:99999"}, "ENVIRONMENT_URL has a port that can not be"),
    (
        SUPERVISOR | {"APP_PROCESS_ADAPTER": "local"},
        'APP_PROCESS_ADAPTER is "local", which does not go with APP_MODE=supervisor; write APP_PROCESS_ADAPTER=remote.',
    ),
    *(
        (without(WORKER, name), f"{name} is not set; with APP_MODE=worker write")
        for name in WORKER
        if name != "APP_MODE"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("variables", "sentence"), WRONG)
def test_wrong_settings_stop_with_one_sentence_that_says_what_to_write(
    tmp_path: Path, variables: dict[str, str], sentence: str
) -> None:
    reading = read(tmp_path, variables)
    assert [found for found in reading.wrong.values() if sentence in found], reading.wrong
    assert all(found.endswith((".", "?")) and "\n" not in found for found in reading.wrong.values())
    with pytest.raises(SettingsWrong, match=r"\w"):
        reading.settings()


@pytest.mark.parametrize("name", ["ENVIRONMENT_URL", "ENVIRONMENT_PROXY_URL", "INSULA_URL"])
@pytest.mark.parametrize("scheme", ["http://", "htp://", ""])
def test_an_address_that_others_see_holds_no_password(tmp_path: Path, name: str, scheme: str) -> None:
    reading = read(tmp_path, {**WORKER, name: f"{scheme}someone:s3cr3t@worker_a:8080"})
    assert "write an address that begins with" in reading.wrong[name]
    assert "s3cr3t" not in str([reading.wrong, rows(reading)])


@example({"INSULA_FAILPOINTS": "@\x1b"})
@given(some.dictionaries(some.sampled_from([*DECLARED, "APP_COMMAND_ADPATER", "INSULA_X"]), some.text()))
def test_no_value_is_a_defect_and_every_sentence_is_one_line(variables: dict[str, str]) -> None:
    reading = settings.read(variables, Path("/nowhere"))
    for sentence in (*reading.wrong.values(), *reading.warnings):
        assert sentence.isprintable()
    if not reading.wrong:
        reading.settings()


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    reading = read(tmp_path, {"APP_PORT": "x", "TZ": "y", "INSULA_NO": "1"})
    assert set(reading.wrong) == {"APP_PORT", "TZ", "INSULA_NO"}


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"APP_MODE": ""},
        {"APP_MODE": "single", "APP_DISCOVERY_ADAPTER": "local", "APP_PROCESS_ADAPTER": "local"},
        {"APP_DISCOVERY_ADAPTER": "local", "APP_PROCESS_ADAPTER": "local", "APP_COMMAND_ADAPTER": "none"},
        POSTGRES | {"DB_PORT": "5433", "DB_SCHEMA": "insula", "DB_PASSWORD": "§ geheim"},
        {"LOGGER_LEVEL": "WARN", "INSULA_ACCESS_LOG": "TRUE", "TZ": "Asia/Shanghai"},
        {"APP_KEY": "0123456789abcdef0123456789abcdef"},
        WORKER | {"ENVIRONMENT_PROXY_URL": "http://worker_a", "APP_SUPERVISOR_AES_SECRET_KEY": "0aF9" * 16},
    ],
)
def test_right_settings(tmp_path: Path, variables: dict[str, str]) -> None:
    reading = read(tmp_path, variables)
    assert reading.wrong == {}
    reading.settings()


def test_a_key_that_is_wrong_is_not_repeated(tmp_path: Path) -> None:
    reading = read(tmp_path, WORKER | {"APP_SUPERVISOR_AES_SECRET_KEY": "almost-right-5ecre7"})
    assert "5ecre7" not in " ".join((*reading.wrong.values(), *reading.warnings))


def test_an_environment_says_that_it_lives_every_two_minutes(tmp_path: Path) -> None:
    assert read(tmp_path, WORKER).settings().insula_heartbeat_s == 120
    assert read(tmp_path, WORKER | {"INSULA_HEARTBEAT_S": "5"}).settings().insula_heartbeat_s == 5


def test_defaults_are_one_installation_on_sqlite(tmp_path: Path) -> None:
    made = read(tmp_path, {}).settings()
    assert (made.app_mode, made.db_dialect, made.app_port, made.api_base_path) == (
        "single",
        "sqlite",
        13000,
        "/api/",
    )


def test_the_misspelt_name_is_understood_with_a_warning(tmp_path: Path) -> None:
    reading = read(tmp_path, {"APP_COMMAND_ADPATER": "none"})
    assert reading.settings().app_command_adapter == "none"
    assert reading.warnings == [
        "APP_COMMAND_ADPATER is understood as APP_COMMAND_ADAPTER; write APP_COMMAND_ADAPTER instead."
    ]


def test_a_slip_in_a_name_without_our_prefix_is_warned_about(tmp_path: Path) -> None:
    reading = read(tmp_path, {"DB_PASWORD": "x", "HOME": "/root", "DBUS_SESSION": "1"})
    assert reading.wrong == {}
    assert reading.warnings == [
        "DB_PASWORD is no setting of Insula and is not read; did you mean DB_PASSWORD?"
    ]


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("APP_KEYS", "did you mean APP_KEY?"),
        ("DB_FOO", "docs/reference/settings.md lists all settings."),
        ("APP_TRUSTED_PROXY", "did you mean APP_TRUSTED_PROXIES?"),
        ("LOGER_LEVEL", "did you mean LOGGER_LEVEL?"),
    ],
)
def test_unknown_names_that_begin_as_ours_are_warned_about(tmp_path: Path, name: str, remedy: str) -> None:
    reading = read(tmp_path, {name: "1"})
    assert reading.wrong == {}
    assert reading.warnings == [f"{name} is no setting of Insula and is not read; {remedy}"]


@pytest.mark.parametrize(
    ("mode", "unread"),
    [
        ("single", ["ENVIRONMENT_NAME"]),
        ("supervisor", ["ENVIRONMENT_NAME", "INSULA_CAPACITY"]),
        ("worker", []),
    ],
)
def test_what_says_nothing_in_a_mode_is_told(tmp_path: Path, mode: str, unread: list[str]) -> None:
    given = {"APP_MODE": mode, "ENVIRONMENT_NAME": "env_a", "INSULA_CAPACITY": "3"}
    told = [line for line in read(tmp_path, given).warnings if "not read" in line]
    assert told == [f"{name} is set and not read, since APP_MODE is {mode}." for name in unread]


@pytest.mark.parametrize(("kept_s", "told"), [("1", True), ("30", True), ("31", False)])
def test_a_worker_that_closes_before_its_supervisor_does_is_warned_about(
    tmp_path: Path, kept_s: str, told: bool
) -> None:
    given = {"INSULA_KEEP_ALIVE_S": kept_s}
    warnings = read(tmp_path, WORKER | given).warnings
    assert any("write more than 30" in warning for warning in warnings) is told
    assert not read(tmp_path, given).warnings


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0"])
def test_believing_everyone_is_warned_about(tmp_path: Path, network: str) -> None:
    reading = read(tmp_path, {"APP_TRUSTED_PROXIES": f"127.0.0.0/8, {network}"})
    (warning,) = reading.warnings
    assert f"APP_TRUSTED_PROXIES has {network}, so anyone can pretend" in warning


def test_failing_on_purpose_is_warned_about(tmp_path: Path) -> None:
    reading = read(tmp_path, {"INSULA_FAILPOINTS": "create.recorded=kill", "INSULA_TESTING": "true"})
    assert reading.warnings == ["INSULA_FAILPOINTS lets this process fail on purpose: create.recorded=kill."]
    assert not reading.wrong


def test_the_env_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("APP_PORT=1\nTZ='Asia/Tokyo'  # far\nexport LOGGER_LEVEL=debug\n")
    reading = read(tmp_path, {"APP_PORT": "2"})
    made = reading.settings()
    assert (made.app_port, made.tz, made.logger_level) == (2, "Asia/Tokyo", "debug")
    assert reading.sources == {"APP_PORT": "environment", "TZ": ".env", "LOGGER_LEVEL": ".env"}


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"APP_PORT=1\nwhat is this\n", [2]),
        (b"=1\n", [1]),
        (b"# all three\n\n\ngarbage line\n\n=novalue\nTZ=UTC\nNOEQ\n", [4, 6, 8]),
        (b"'' = 1\n", [1]),
    ],
)
def test_each_broken_line_of_an_env_file_is_named(tmp_path: Path, content: bytes, lines: list[int]) -> None:
    (tmp_path / ".env").write_bytes(content)
    wrong = read(tmp_path, {}).wrong
    assert list(wrong) == [f".env:{line}" for line in lines]
    for line, sentence in zip(lines, wrong.values(), strict=True):
        assert sentence.startswith(f"Line {line} of {tmp_path / '.env'} ")
        assert sentence.endswith("write NAME=value.")


def test_an_env_file_that_can_not_be_read_stops(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00")
    assert "mend it or remove it" in read(tmp_path, {}).wrong[".env"]


def test_a_folder_in_place_of_the_env_file_stops(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    assert "is a folder" in read(tmp_path, {}).wrong[".env"]


def test_a_byte_order_mark_of_an_env_file_is_no_part_of_a_name(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfTZ=Asia/Tokyo\n")
    assert read(tmp_path, {}).settings().tz == "Asia/Tokyo"


def test_the_report_shows_every_setting_and_no_secret(tmp_path: Path) -> None:
    secret = "correct-horse-battery-staple"
    variables = POSTGRES | {
        "DB_PASSWORD": secret,
        "APP_KEY": secret,
        "APP_COMMAND_REDIS_URL": f"redis://:{secret}@localhost",
        "DB_PORT": "abc",
        "INSULA_WHAT": secret,
    }
    reading = read(tmp_path, variables)
    shown = rows(reading)
    assert [row.name for row in shown][: len(DECLARED)] == list(DECLARED)
    assert secret not in str(shown)
    by_name = {row.name: row for row in shown}
    assert by_name["DB_PASSWORD"].value == "***"
    assert by_name["APP_PORT"].source == "default"
    assert "write a number" in by_name["DB_PORT"].wrong
    assert "no setting of Insula" in by_name["INSULA_WHAT"].wrong
    assert secret in reading.secrets()


def test_a_word_that_stands_in_the_open_is_no_secret(tmp_path: Path) -> None:
    """As where the password is the name of the user and of the dialect: the log says both."""
    given = POSTGRES | {"DB_USER": "postgres", "DB_PASSWORD": "postgres", "APP_KEY": "x" * 40}
    assert read(tmp_path, given).secrets() == ["x" * 40]


def test_the_reference_page_is_current() -> None:
    page = Path(__file__).parents[3] / "docs/reference/settings.md"
    assert page.read_text(encoding="utf-8") == reference(), "run: insula settings reference > " + str(page)


def test_every_setting_has_an_example_that_is_right(tmp_path: Path) -> None:
    for name, declared in DECLARED.items():
        if name in ("APP_MODE", "DB_DIALECT") or declared.example.startswith("$("):
            continue
        reading = read(tmp_path, {name: declared.example})
        assert f"; write {declared.say}, such as" not in reading.wrong.get(name, "")
