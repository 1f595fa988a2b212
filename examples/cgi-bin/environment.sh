#!/bin/sh
# Shows what a program gets: its variables, and where it runs.
# Try /cgi-bin/environment.sh/some/path?a=b

printf 'Content-Type: text/plain; charset=utf-8\n'
printf 'Cache-Control: no-store\n\n'

printf 'I run in %s as %s.\n\n' "$PWD" "$(id -un)"
env | sort
