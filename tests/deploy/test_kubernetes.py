"""The manifests: valid for the published schemas, and at one with each other and with the code."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import kubernetes_validate
import pytest
import yaml

from service.cli.serve import serve
from service.http.routes import WebApp
from service.settings import Settings, read_settings
from service.telemetry.metrics import Metrics
from tests.deploy.files import KUBERNETES, PAGE, SUPERVISOR_S, blocks

if TYPE_CHECKING:
    from pathlib import Path

OLDEST = "1.30"
"""The oldest version of Kubernetes that has the lifecycle action ``sleep`` switched on."""

VERSIONS = (OLDEST, kubernetes_validate.latest_version())


def _load(name: str) -> Any:  # noqa: ANN401 (YAML)
    return yaml.safe_load((KUBERNETES / name).read_text(encoding="utf-8"))


KUSTOMIZATION = _load("kustomization.yaml")
DEPLOYMENT, SERVICE, BUDGET, POLICY, AUTOSCALER = map(_load, KUSTOMIZATION["resources"])
POD = DEPLOYMENT["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]
PORT = next(option.default for option in serve.params if option.name == "port")
LABELS = DEPLOYMENT["spec"]["template"]["metadata"]["labels"]
MOUNTS = {mount["name"]: PurePosixPath(mount["mountPath"]) for mount in CONTAINER["volumeMounts"]}
VOLUMES = {volume["name"]: volume for volume in POD["volumes"]}


def test_every_manifest_is_deployed() -> None:
    """The kustomization lists every other file, as a manifest or as content of the ConfigMap."""
    (generated,) = KUSTOMIZATION["configMapGenerator"]
    named = {*KUSTOMIZATION["resources"], *generated["files"], "kustomization.yaml"}

    assert {path.name for path in KUBERNETES.iterdir()} == named


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", KUSTOMIZATION["resources"])
def test_manifests_are_valid(name: str, version: str) -> None:
    """Every field is one that this version of Kubernetes has, with a value of its type."""
    kubernetes_validate.validate(_load(name), version, strict=True)


def test_the_schemas_refuse_a_field_that_is_none() -> None:
    """A field in the wrong place does not pass."""
    misplaced = {**DEPLOYMENT, "spec": {**DEPLOYMENT["spec"], "enableServiceLinks": False}}

    with pytest.raises(kubernetes_validate.ValidationError, match="enableServiceLinks"):
        kubernetes_validate.validate(misplaced, OLDEST, strict=True)


def test_kustomize_builds_them() -> None:
    """The pods name the ConfigMap that is made of the files, and the image of the registry."""
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    built = subprocess.run(
        ["kubectl", "kustomize", str(KUBERNETES)], check=True, capture_output=True, text=True
    )
    resources = {resource["kind"]: resource for resource in yaml.safe_load_all(built.stdout)}

    config, pod = resources["ConfigMap"], resources["Deployment"]["spec"]["template"]["spec"]
    kubernetes_validate.validate(config, OLDEST, strict=True)
    assert {v["configMap"]["name"] for v in pod["volumes"] if "configMap" in v} == {
        config["metadata"]["name"]
    }
    assert pod["containers"][0]["image"].startswith("registry.example.org/understudy:")


def test_pods_fit_the_restricted_profile() -> None:
    """They are nobody in particular, gain no rights, and write to one volume of their own."""
    assert (
        POD["securityContext"].items()
        >= {
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        }.items()
    )
    assert POD["securityContext"]["runAsUser"] > 0
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    writable = {m["mountPath"] for m in CONTAINER["volumeMounts"] if not m.get("readOnly")}
    assert writable == {"/tmp"}  # noqa: S108 (what the manifest says)
    assert "emptyDir" in VOLUMES["tmp"]
    assert {kind for volume in POD["volumes"] for kind in volume} == {
        *("name", "configMap", "emptyDir", "persistentVolumeClaim", "secret")
    }
    assert not POD["automountServiceAccountToken"]


@pytest.mark.parametrize("probe", ["startupProbe", "readinessProbe", "livenessProbe"])
def test_probes_ask_routes_that_exist(probe: str) -> None:
    """They name the port of the container, and a route without a key."""
    asked = CONTAINER[probe]["httpGet"]

    assert asked["port"] == CONTAINER["ports"][0]["name"]
    assert ("GET", asked["path"]) in WebApp().endpoints
    assert (asked["path"] == "/livez") == (probe == "livenessProbe")


def test_a_rollout_waits_longer_than_the_startup_probe() -> None:
    """A start that takes long is no failed rollout, and no replica is stopped for a new one."""
    probe, spec = CONTAINER["startupProbe"], DEPLOYMENT["spec"]

    assert spec["progressDeadlineSeconds"] > probe["periodSeconds"] * probe["failureThreshold"]
    assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_the_grace_is_enough_for_a_stop(settings: Settings) -> None:
    """It covers ``preStop``, what the service keeps to, and what its supervisor adds."""
    before_s = CONTAINER["lifecycle"]["preStop"]["sleep"]["seconds"]

    assert settings.stop_s == Settings().stop_s
    assert POD["terminationGracePeriodSeconds"] == before_s + settings.stop_s + SUPERVISOR_S
    assert f"terminationGracePeriodSeconds: {POD['terminationGracePeriodSeconds']}`" in PAGE


def test_requests_are_the_limits_in_whole_processors() -> None:
    """No replica loses what it counted on to a neighbour."""
    requests, limits = CONTAINER["resources"]["requests"], CONTAINER["resources"]["limits"]

    assert requests == limits
    assert isinstance(limits["cpu"], int)


def test_names_ports_and_labels_agree() -> None:
    """What selects, scales, guards and reaches the pods means these pods."""
    assert DEPLOYMENT["spec"]["selector"]["matchLabels"] == LABELS
    assert SERVICE["spec"]["selector"] == LABELS
    assert BUDGET["spec"]["selector"]["matchLabels"] == LABELS
    assert POLICY["spec"]["podSelector"]["matchLabels"] == LABELS
    target = AUTOSCALER["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("Deployment", DEPLOYMENT["metadata"]["name"])
    assert [port["containerPort"] for port in CONTAINER["ports"]] == [PORT]
    assert [port["targetPort"] for port in SERVICE["spec"]["ports"]] == [
        CONTAINER["ports"][0]["name"]
    ]
    assert CONTAINER["image"] == KUSTOMIZATION["images"][0]["name"]
    assert [port["port"] for rule in POLICY["spec"]["ingress"] for port in rule["ports"]] == [PORT]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Read the settings that a pod has, from the files that it has them from."""
    (tmp_path / "alert-webhook").write_text("https://alerts.example.org/T01\n", encoding="utf-8")
    places = {MOUNTS["settings"]: KUBERNETES, MOUNTS["secrets"]: tmp_path}
    variables = {
        variable["name"]: str(places[PurePosixPath(path).parent] / PurePosixPath(path).name)
        for variable in CONTAINER["env"]
        if (path := variable["value"])
    }
    # A Service injects these into pods that do not turn them off.
    name, port = SERVICE["metadata"]["name"].upper(), SERVICE["spec"]["ports"][0]["port"]
    injected = {
        f"{name}_SERVICE_HOST": "10.96.4.7",
        f"{name}_SERVICE_PORT": str(port),
        f"{name}_SERVICE_PORT_HTTP": str(port),
        f"{name}_PORT": f"tcp://10.96.4.7:{port}",
        f"{name}_PORT_{port}_TCP": f"tcp://10.96.4.7:{port}",
        f"{name}_PORT_{port}_TCP_PROTO": "tcp",
        f"{name}_PORT_{port}_TCP_PORT": str(port),
        f"{name}_PORT_{port}_TCP_ADDR": "10.96.4.7",
    }
    return read_settings({**injected, **variables})


def test_settings_are_read_from_the_mounted_files(settings: Settings) -> None:
    """Bundles are on their volume, and the keys among what is mounted of the Secret."""
    keys = settings.api_keys_file
    assert keys is not None
    roles = [settings.champion or "", *settings.challengers]

    assert all(PurePosixPath(bundle).is_relative_to(MOUNTS["bundles"]) for bundle in roles)
    assert PurePosixPath(keys.parent) == MOUNTS["secrets"]
    assert str(settings.alert_webhook) == "https://alerts.example.org/…"
    assert tomllib.loads((KUBERNETES / "config.toml").read_text())["api_keys_file"] == str(keys)


def test_the_secret_is_made_as_the_page_says() -> None:
    """The command makes every item that is mounted, under the name that the pods ask for."""
    secret = VOLUMES["secrets"]["secret"]
    (command,) = (text for text in blocks("sh") if "create secret" in text)
    paths = [item["path"] for item in secret["items"]]

    assert f"secret generic {secret['secretName']} " in command
    assert re.findall(r"--from-file=(\S+)", command) == [item["key"] for item in secret["items"]]
    used = [variable["value"] for variable in CONTAINER["env"]]
    used.append(tomllib.loads((KUBERNETES / "config.toml").read_text())["api_keys_file"])
    under = [path for path in used if path.startswith(str(MOUNTS["secrets"]))]
    assert sorted(PurePosixPath(path).name for path in under) == sorted(paths)


def test_the_autoscaler_asks_for_what_the_service_exports() -> None:
    """The rule of the page makes its metric, of metrics that ``/metrics`` has."""
    (block,) = (text for text in blocks("yaml") if "seriesQuery" in text)
    (rule,) = yaml.safe_load(block)["rules"]
    (metric,) = AUTOSCALER["spec"]["metrics"]
    exported = Metrics(queue_documents=int, lost_log_lines=dict, ready=bool).render()[0].decode()
    asked = re.findall(r"understudy_\w+", rule["seriesQuery"] + rule["metricsQuery"])

    assert rule["name"]["as"] == metric["pods"]["metric"]["name"]
    assert len(set(asked)) == 2
    assert [name for name in asked if f"\n{name} " not in exported] == []


def test_a_pod_reaches_names_and_its_webhook_alone() -> None:
    """Names are asked for in the cluster, and no address of a private network is reached."""
    names, webhook = POLICY["spec"]["egress"]

    assert POLICY["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert {port["port"] for port in names["ports"]} == {53}
    assert [port["port"] for port in webhook["ports"]] == [443]
    assert "169.254.0.0/16" in webhook["to"][0]["ipBlock"]["except"]
