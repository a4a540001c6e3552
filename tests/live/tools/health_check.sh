#!/bin/sh
# The site's own check: is the balancer's health good?
exec curl -sf -o answer "$BALANCER/health"
