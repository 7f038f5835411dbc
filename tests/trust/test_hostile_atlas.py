"""A hundred hostile names in the pages of an atlas, in a real browser: nothing of them runs or becomes an element."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hostile_names import hostile_names
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from finercam_core.evaluate.caveats import Caveat
from finercam_core.report.page_templates import environment, species_address
from finercam_core.report.pages import Card, IndexPage, SpeciesAccuracy, SpeciesFacts

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
