"""The image, the manifests and the job template: linted, valid against the schemas of Kubernetes, and closed."""

import json
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from finercam_flows.serving.config import WorkPool, content_of
from prefect.utilities.templating import apply_values

DEPLOY = Path(__file__).parents[2] / "deploy"
KUBERNETES = "1.33"
MANIFESTS = sorted(path for path in (DEPLOY / "kubernetes").glob("*.yaml") if path.name != "kustomization.yaml")


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def pods() -> dict[str, dict[str, Any]]:
    """The description of each pod, by its manifest, and that of a run's job."""
    found = {
        f"{path.name} {each['metadata']['name']}": each["spec"]["template"]["spec"]
        for path in MANIFESTS
        for each in documents(path)
        if each["kind"] == "Deployment"
    }
    return {**found, "a job": job({})["spec"]["template"]["spec"]}


def job(variables: dict[str, Any]) -> dict[str, Any]:
    """The job that the template gives for job variables, as Prefect fills it in."""
    template = json.loads((DEPLOY / "kubernetes" / "base-job-template.json").read_text(encoding="utf-8"))
    given = {"command": "prefect flow-run execute", "name": "brave-newt", "labels": {"app": "run"}, **variables}
    values = {key: each["default"] for key, each in template["variables"]["properties"].items() if "default" in each}
    filled = apply_values(template["job_configuration"], {"env": {}, "annotations": {}, **values, **given})
    container = filled["job_manifest"]["spec"]["template"]["spec"]["containers"][0]
    container["args"] = filled["command"].split()  # as prefect-kubernetes does
    container["env"] = [{"name": key, "value": value} for key, value in filled["env"].items()]
    return dict(filled["job_manifest"])


def test_the_image_is_linted() -> None:
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    assert hadolint
    done = subprocess.run(
        [hadolint, DEPLOY / "container" / "Containerfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_runs_as_a_user_of_its_own_and_comes_from_the_constraints() -> None:
    text = (DEPLOY / "container" / "Containerfile").read_text(encoding="utf-8")
    run = text.partition("AS run")[2]
    assert re.search(r"^USER 10001:10001$", run, re.MULTILINE)
    assert "HEALTHCHECK" in run
    assert "--constraint constraints.txt" in text
    assert len(re.findall(r"^FROM ", text, re.MULTILINE)) == 2


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_a_manifest_is_valid(path: Path) -> None:
    for each in documents(path):
        kubernetes_validate.validate(each, KUBERNETES, strict=True)


def test_the_kustomization_names_every_manifest() -> None:
    (kustomization,) = documents(DEPLOY / "kubernetes" / "kustomization.yaml")
    assert sorted(kustomization["resources"]) == [path.name for path in MANIFESTS]


def test_the_job_of_a_run_is_valid_with_its_gpus_and_memory() -> None:
    made = job({"gpus": 2, "memory": "64Gi", "env": {"FINERCAM_ALLOW_FACTORIES": "mine:model"}})
    kubernetes_validate.validate(made, KUBERNETES, strict=True)
    (container,) = made["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"] == {"memory": "64Gi", "nvidia.com/gpu": 2}
    assert container["args"] == ["prefect", "flow-run", "execute"]
    assert container["env"] == [{"name": "FINERCAM_ALLOW_FACTORIES", "value": "mine:model"}]
    assert made["spec"]["backoffLimit"] == 3
    assert made["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 60
    assert "{{" not in json.dumps(made)


@pytest.mark.parametrize("name", pods())
def test_no_pod_is_root_or_writes_to_its_image(name: str) -> None:
    pod = pods()[name]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] == 10001
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
        }  # fmt: skip
        assert container["resources"]["limits"]["memory"]
        assert "/tmp" in [mount["mountPath"] for mount in container["volumeMounts"]]


def test_the_example_names_variables_that_the_template_has() -> None:
    template = json.loads((DEPLOY / "kubernetes" / "base-job-template.json").read_text(encoding="utf-8"))
    example = content_of(DEPLOY.parent / "flows" / "finercam_flows" / "prefect.yaml")["definitions"]["pools"]
    pool = WorkPool.model_validate(example["kubernetes"])
    assert pool.job_variables.keys() <= template["variables"]["properties"].keys()
    asked = set(re.findall(r"{{ (\w+) }}", json.dumps(template["job_configuration"])))
    assert asked == set(template["variables"]["properties"])


def test_the_compose_file_closes_what_is_finercams_and_holds_no_password() -> None:
    content = yaml.safe_load((DEPLOY / "container" / "compose.yaml").read_text(encoding="utf-8"))
    for name in ("server", "worker", "metrics", "bucket"):
        service = content["services"][name]
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    text = (DEPLOY / "container" / "compose.yaml").read_text(encoding="utf-8")
    secrets = re.findall(r"(\w*(?:PASSWORD|AUTH_STRING|SECRET\w*)): (\S+)", text)
    assert secrets
    assert all("${" in value for _, value in secrets)


def test_the_stack_is_reached_from_its_own_machine_alone_and_starts_its_parts_again() -> None:
    parts = ConfigParser(interpolation=None)
    parts.read(DEPLOY / "stack" / "supervisord.conf")
    programs = {name.removeprefix("program:"): parts[name] for name in parts.sections() if name.startswith("program:")}
    assert set(programs) == {"database", "s3", "server", "worker"}
    assert all(program["autorestart"] == "true" for program in programs.values())
    assert "--host 127.0.0.1 " in programs["server"]["command"]
    assert 'BIND_HOST="127.0.0.1"' in programs["s3"]["environment"]
    assert programs["database"]["command"].endswith("-c listen_addresses=")
    assert "PREFECT_SERVER_API_AUTH_STRING" in (DEPLOY / "stack" / "stack.sh").read_text()
