"""Every family of timm at its default layer: the layer, the route, and autograd through the whole model in float64."""

import pytest
import torch
from backbones import CLASSES, FAMILIES, build, by_autograd, images_of
