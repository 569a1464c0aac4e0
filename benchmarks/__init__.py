"""What whirr costs, measured; docs/benchmarks.md says what each program measures."""
