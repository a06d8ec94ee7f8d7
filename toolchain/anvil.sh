#!/bin/sh
# anvil as Ape starts it, without --steps-tracing: ape-foundry always asks for it, it makes a transaction of 465 000 gas
# take 1.2 s instead of 25 ms, and nothing here reads the steps. Call traces and revert reasons do not need them.
for argument; do
    shift
    [ "$argument" = --steps-tracing ] || set -- "$@" "$argument"
done
exec "$(dirname "$0")/../foundry/anvil" "$@"
