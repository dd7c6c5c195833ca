# Holdfast in a container: `holdfast standalone`, set up by CONNECT_* variables alone. docs/guides/docker.md tells how.
ARG NODE_VERSION=24

FROM node:${NODE_VERSION}-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# The sources are not here yet, so npm's `prepare` step has nothing to build, and no dependency needs a step of its own.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.mjs scripts/
COPY src src
COPY connectors connectors
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:${NODE_VERSION}-slim
LABEL org.opencontainers.image.title="Holdfast" \
      org.opencontainers.image.description="A Kafka Connect-compatible worker that parks its tasks while the schema registry changes its primary" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production \
    HOLDFAST_CONFIG_DIR=/etc/holdfast
WORKDIR /opt/holdfast
COPY package.json LICENSE CHANGELOG.md ./
COPY config config
COPY docker/entrypoint.mjs docker/healthcheck.mjs docker/worker-settings.mjs docker/
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
# /node_modules/holdfast lets a plugin in any folder import 'holdfast/sdk'. Node's own user, 1000, runs the worker.
RUN mkdir -p /etc/holdfast/connectors /etc/holdfast/plugins /var/lib/holdfast /node_modules \
    && ln -s /opt/holdfast /node_modules/holdfast \
    && ln -s /opt/holdfast/dist/src/cli/main.js /usr/local/bin/holdfast \
    && chown 1000:1000 /var/lib/holdfast
# What a worker keeps: offsets, known schemas, and the embedded broker's topics where there is one.
VOLUME /var/lib/holdfast
WORKDIR /var/lib/holdfast
USER 1000:1000
EXPOSE 8083
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["node", "/opt/holdfast/docker/healthcheck.mjs"]
ENTRYPOINT ["node", "/opt/holdfast/docker/entrypoint.mjs"]
CMD ["standalone"]
