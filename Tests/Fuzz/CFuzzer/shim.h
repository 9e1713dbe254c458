#pragma once
#include <stddef.h>
#include <stdint.h>

// libFuzzer's own way in for programs that keep their main: <https://llvm.org/docs/LibFuzzer.html>, as of 2026-11.
int LLVMFuzzerRunDriver(int *count, char ***words, int (*entry)(const uint8_t *bytes, size_t size));
