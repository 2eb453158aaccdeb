# One image for both programs: `node gateway/main.ts`, and `node operator/main.ts`. There is no build step: what runs is what lies here.

FROM node:24-bookworm-slim AS build
WORKDIR /out/app
COPY package.json package-lock.json ./
# Types, source maps and the descriptions of jsii's packages are two thirds of what npm brings, and nothing reads them.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && find node_modules -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' -o -name '*.md' -o -name '.jsii*' -o -name '*.tsbuildinfo' -o -name '.package-lock.json' \) -delete
COPY . .
# The same sources give the same layer, whenever it is made: https://reproducible-builds.org/docs/source-date-epoch/
ARG SOURCE_DATE_EPOCH=0
# Finds the stage's own image again, so that a release can remove it.
ARG BUILD_ID=none
LABEL dev.carillon.build="${BUILD_ID}"
RUN chmod -R u=rwX,go=rX /out && find /out -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH}" {} +

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="carillon" \
  org.opencontainers.image.description="Delivers CloudEvents from Kafka to exactly the right browsers" \
  org.opencontainers.image.licenses="Apache-2.0"
# No user of that number is in /etc/passwd, so no program looks up a home for it.
ENV NODE_ENV=production HOME=/tmp
COPY --from=build /out/ /
WORKDIR /app
USER 65532:65532
EXPOSE 8000 9000
# Not through the base image's script: the program itself is to get the signals.
ENTRYPOINT []
CMD ["node", "gateway/main.ts"]
