# The gateway with its runtime, and the command for clients that start programs:
#   docker run -p 127.0.0.1:8787:8787 -v gateway:/data mcp-edge-gateway
#   docker run -i --rm -e GATEWAY_URL -e GATEWAY_API_KEY mcp-edge-gateway stdio
FROM node:24-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY wrangler.toml tsconfig.json README.md LICENSE ./
COPY src ./src
RUN mkdir -p /app && npm pack --pack-destination /app
# The package has no dependencies; `start` would fetch this one when it is first run.
RUN npm install --prefix /app --no-audit --no-fund /app/mcp-edge-gateway-*.tgz "miniflare@$(node -p 'require("./package.json").devDependencies.miniflare')"
RUN rm /app/mcp-edge-gateway-*.tgz

FROM node:24-slim
COPY --from=build /app /app
RUN install -d -o node -g node /data
# State, secrets and logins; whoever leaves it to the container loses them with it.
ENV XDG_STATE_HOME=/data XDG_CONFIG_HOME=/data
VOLUME /data
USER node
WORKDIR /data
EXPOSE 8787
# Only `start` listens: a container that speaks stdio is well as long as it runs.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["node", "-e", "require('fs').readFileSync('/proc/1/cmdline', 'utf8').includes('\\0start\\0') || process.exit(0); fetch('http://127.0.0.1:8787/health').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/node_modules/mcp-edge-gateway/dist/command/mcp-edge-gateway.js"]
CMD ["start", "--host", "0.0.0.0"]
