# Builds the three programs, then an image that holds nothing else. It runs holdfast-server, or the program it is given.

FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends libhiredis-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN swift build -c release --static-swift-stdlib --product holdfast-server \
    && swift build -c release --static-swift-stdlib --product holdfast-worker \
    && swift build -c release --static-swift-stdlib --product holdfast \
    && mkdir /out \
    && cp .build/release/holdfast-server .build/release/holdfast-worker .build/release/holdfast /out/

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libhiredis0.14 libstdc++6 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin holdfast
COPY --from=build /out/ /usr/local/bin/
COPY scripts/healthcheck /usr/local/bin/healthcheck
USER holdfast
# The default, 127.0.0.1, could not be reached from outside the container.
ENV HOLDFAST_HOST=0.0.0.0 HOLDFAST_WORKER_HOST=0.0.0.0
EXPOSE 7878 7879
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 CMD ["healthcheck", "7878"]
CMD ["holdfast-server"]
