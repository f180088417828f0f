#!/usr/bin/env python3
"""Prints the rows of tests/ops/test_adamw.c: three steps of torch.optim.AdamW in float64, each after clip_grad_norm_.

Run by hand:  pip install torch==2.15.0;  python3 tests/golden/adamw_numbers.py
"""
import torch

GRADIENTS = [[3., -4., 0., 1e-5], [.25, .5, -.125, 0.], [-.5, .25, 0., 2e-5]]

weight = torch.nn.Parameter(torch.tensor([1., -2., .5, .25], dtype=torch.float64))
optimizer = torch.optim.AdamW([weight], lr=.01, betas=(.75, .875), eps=1e-4, weight_decay=.125)
for gradient in GRADIENTS:
    weight.grad = torch.tensor(gradient, dtype=torch.float64)
    torch.nn.utils.clip_grad_norm_([weight], 1.)
    optimizer.step()
    print('    {' + ', '.join(f'{value:.17g}' for value in weight.tolist()) + '},')
