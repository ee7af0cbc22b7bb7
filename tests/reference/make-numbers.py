#!/usr/bin/env python3
"""Writes the numbers that tests/ops and tests/model hold the core against, beside this file. Needs PyTorch."""

import pathlib

import torch

import block_numbers
import model_numbers
import op_numbers
import time_numbers

folder = pathlib.Path(__file__).resolve().parent
torch.set_default_dtype(torch.float64)
torch.manual_seed(1)
block_numbers.write(folder)
op_numbers.write(folder)
model_numbers.write(folder)
time_numbers.write(folder)
