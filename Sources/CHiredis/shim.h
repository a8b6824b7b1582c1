// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Holdfast authors

#ifndef HOLDFAST_CHIREDIS_SHIM_H
#define HOLDFAST_CHIREDIS_SHIM_H

#include <hiredis/hiredis.h>

#endif
