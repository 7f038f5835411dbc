"""Each option of each command, described once: from here come the command line, Prefect's forms and docs/options.md."""

from finercam_flows.options.annotate import AnnotateOptions
from finercam_flows.options.catalog import CheckOptions, FetchOptions, SplitOptions
from finercam_flows.options.classifier import AdoptOptions, PullOptions, PushOptions
from finercam_flows.options.evaluate import EvaluateOptions
from finercam_flows.options.export import ExportOptions
from finercam_flows.options.first_steps import DemoOptions, DoctorOptions, StartOptions
from finercam_flows.options.report import AskOptions, ReportOptions
from finercam_flows.options.review import AssignOptions, ImportOptions, ReviewOptions, TableOptions
from finercam_flows.options.serve import MetricsOptions, ServeOptions
from finercam_flows.options.store import CompareOptions, InfoOptions, RepairOptions
from finercam_flows.options.train import TrainOptions
from finercam_flows.signatures.base import Options

COMMANDS: dict[str, type[Options]] = {
    "start": StartOptions,
    "demo": DemoOptions,
    "doctor": DoctorOptions,
    "catalog check": CheckOptions,
    "catalog fetch": FetchOptions,
    "catalog split": SplitOptions,
    "train": TrainOptions,
    "classifier adopt": AdoptOptions,
    "classifier push": PushOptions,
    "classifier pull": PullOptions,
    "annotate": AnnotateOptions,
    "info": InfoOptions,
    "repair": RepairOptions,
    "compare": CompareOptions,
    "evaluate": EvaluateOptions,
    "report": ReportOptions,
    "ask": AskOptions,
    "review": ReviewOptions,
    "review assign": AssignOptions,
    "review import": ImportOptions,
    "review table": TableOptions,
    "export": ExportOptions,
    "serve": ServeOptions,
    "metrics": MetricsOptions,
}
"""By command, in the order of a collection's way through them: the model of its options."""
FLOWS = {
    "catalog fetch": "fetch",
    "train": "train",
    "annotate": "annotate",
    "evaluate": "evaluate",
    "report": "report",
    "export": "export",
}
"""By command: the flow `finercam_flows.X.X` that does the same."""
