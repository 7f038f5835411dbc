"""Options of `classifier adopt`, `classifier push` and `classifier pull`."""

from typing import Annotated

from pydantic import Field

from finercam_flows.options.fields import ClassifierFolder
from finercam_flows.places import classifiers, inputs, outputs
from finercam_flows.signatures.base import POSITIONAL, Checked, CommandLine, Options

Checkpoint = Annotated[
    str, Field(min_length=1, description="safetensors, or a torch.save file with tensors alone."), Checked(inputs.file)
]
Architecture = Annotated[
    str, Field(min_length=1, description="timm name of its architecture."), Checked(classifiers.model)
]
Classes = Annotated[
    str,
    Field(min_length=1, description="CSV with a column scientificName, in the order of the scores."),
    Checked(inputs.file),
]
Repository = Annotated[
    str, Field(min_length=1, description="owner/name on the Hugging Face hub."), Checked(inputs.repository)
]
Public = Annotated[bool, Field(description="Let everybody see a new repository.")]
Revision = Annotated[str | None, Field(description="Branch, tag or commit; a commit always gives the same classifier.")]


class AdoptOptions(Options):
    """Options of `classifier adopt`."""

    checkpoint: Annotated[Checkpoint, POSITIONAL]
    model: Architecture
    classes: Classes
    out: Annotated[ClassifierFolder, Checked(outputs.new_classifier)]


class PushOptions(Options):
    """Options of `classifier push`."""

    folder: Annotated[
        ClassifierFolder,
        Field(description="Folder of a classifier."),
        Checked(inputs.folder),
        Checked(classifiers.folder),
        POSITIONAL,
    ]
    repository: Annotated[Repository, POSITIONAL]
    public: Annotated[Public, CommandLine("--public/--no-public")] = False


class PullOptions(Options):
    """Options of `classifier pull`."""

    repository: Annotated[Repository, POSITIONAL]
    folder: Annotated[ClassifierFolder, Checked(outputs.folder), POSITIONAL]
    revision: Revision = None
