# One image for both programs: `node gateway/main.ts`, and `node operator/main.ts`. There is no build step: what runs is what lies here.

# Both bases by digest, because a tag names other content tomorrow. Dependabot moves them. NODE_IMAGE and DEBIAN_IMAGE name others for
# `make image` and `make release`, such as those of a mirror: docs/releasing.md.
FROM node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6 AS node
FROM debian:bookworm-20260918-slim@sha256:3783cc01769c7b2b1b83a5c5ad96c815348e28ed7da68e2e3687004faa906251 AS debian

FROM node AS build
WORKDIR /program/app
COPY package.json package-lock.json ./
# Types, source maps and the descriptions of jsii's packages are two thirds of what npm brings, and nothing reads them.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && find node_modules -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' -o -name '*.md' -o -name '.jsii*' -o -name '*.tsbuildinfo' -o -name '.package-lock.json' \) -delete
COPY . .
# In a folder of its own: a folder of the base image would get the time of the build.
RUN mkdir -p /runtime/nodejs/bin && cp "$(command -v node)" /runtime/nodejs/bin/node
# The same sources give the same layers, whenever they are made: https://reproducible-builds.org/docs/source-date-epoch/
ARG SOURCE_DATE_EPOCH=0
# Finds the stage's own image again, so that a release can remove it.
ARG BUILD_ID=none
LABEL dev.carillon.build="${BUILD_ID}"
RUN chmod -R u=rwX,go=rX /program /runtime && find /program /runtime -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH}" {} +

# Debian with the program node, and without npm, yarn and corepack: nothing here installs packages.
FROM debian
# No user of that number is in /etc/passwd, so no program looks up a home for it.
ENV NODE_ENV=production HOME=/tmp PATH=/nodejs/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# Two layers: a release with the same Node.js brings only the second one.
COPY --from=build /runtime/ /
COPY --from=build /program/ /
WORKDIR /app
USER 65532:65532
EXPOSE 8000 9000
# For `docker run` and compose. Kubernetes asks by itself, and ignores this.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD ["node", "program/health-check/main.ts"]
# The flags are those of program/node-flags.ts.
CMD ["node", "--max-semi-space-size=4", "gateway/main.ts"]
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="carillon" \
  org.opencontainers.image.description="Delivers CloudEvents from Kafka to exactly the right browsers" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.vendor="The Carillon authors" \
  org.opencontainers.image.url="https://github.com/carillon-dev/carillon" \
  org.opencontainers.image.source="https://github.com/carillon-dev/carillon" \
  org.opencontainers.image.documentation="https://github.com/carillon-dev/carillon/tree/main/docs" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
