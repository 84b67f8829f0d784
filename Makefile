# The recipes people type; each is one script or a few lines. `make` alone lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo demo-monitoring test test-s3 test-monitoring lint bench audit fuzz images clean-cache

help: ## list these recipes
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

demo: ## a real Redis and a real Neo4j are backed up, restored and verified; then damaged, and caught
	@scripts/setup
	@scripts/docker-env scripts/demo

demo-monitoring: ## a broken backup on its way through Prometheus and Alertmanager to people, live
	@scripts/setup
	@scripts/demo-monitoring

test: ## install what is needed and run everything, the container tests included
	@scripts/setup
	@scripts/docker-env scripts/test

test-s3: ## the suites of storage and evidence on three real S3 stores, made the first time
	@scripts/test-s3

test-monitoring: ## the tests of alerts, messages and dashboards on the newest Prometheus, built once
	@scripts/test-monitoring

lint: ## formatting and clippy, as `make test` asks for them
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

bench: ## measure the programs beside others; writes docs/performance.md
	@scripts/setup
	@scripts/docker-env scripts/bench

audit: ## advisories, licences and bans of dependencies; dashboards by Grafana's schema
	@scripts/audit

MINUTES ?= 10
fuzz: ## try to break the inspector, the layout and the configuration, MINUTES=10 each
	@scripts/fuzz $(MINUTES)

images: ## fetch or build the images of the container tests
	@scripts/setup
	@scripts/docker-env scripts/images

clean-cache: ## remove the built images and the private engine's data
	@scripts/clean-cache
