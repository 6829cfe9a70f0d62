# The processes of Tidings: targets `gateway`, `worker` (CPU), `worker-cuda` and `trainer`.
# Their environment variables are those of src/process/config.ts; NATS_URL has to be set. A digest names one image for good, while a
# tag may name another tomorrow: with a new tag comes its digest (`docker buildx imagetools inspect node:26.10.0-bookworm-slim`).

FROM node:26.10.0-bookworm-slim@sha256:662933cf47f013bc8e4beb31a6116448427a82057ba7c42c97e4c5ba766504c2 AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without the optional packages (Node itself for machines that lack it, DuckDB for training and scoring files), and
# without what ONNX Runtime brings for other systems. No install script is needed: the only one fetches CUDA, and does so below.
RUN npm ci --omit=dev --omit=optional --ignore-scripts \
  && rm -rf node_modules/onnxruntime-node/bin/napi-v6/darwin node_modules/onnxruntime-node/bin/napi-v6/win32

FROM dependencies AS dependencies-gateway
RUN rm -rf node_modules/onnxruntime-node node_modules/onnxruntime-common

FROM dependencies AS dependencies-cuda
RUN node node_modules/onnxruntime-node/script/install --onnxruntime-node-install

# DuckDB reads the data of trainers.
FROM dependencies AS dependencies-trainer
RUN npm ci --omit=dev --ignore-scripts

# The page of the console. Its files do not depend on the platform.
FROM node:26.10.0-bookworm-slim@sha256:662933cf47f013bc8e4beb31a6116448427a82057ba7c42c97e4c5ba766504c2 AS console
WORKDIR /app/console
COPY console/package.json console/package-lock.json console/.npmrc ./
RUN npm ci --omit=dev --ignore-scripts
COPY console ./
RUN npm run build

FROM node:26.10.0-bookworm-slim@sha256:662933cf47f013bc8e4beb31a6116448427a82057ba7c42c97e4c5ba766504c2 AS gateway
WORKDIR /app
COPY --from=dependencies-gateway /app ./
COPY --from=console /app/console/dist ./console/dist
COPY src ./src
COPY schema ./schema
COPY models ./models
# Time for balancers to take it out. It stops 2 s later at most: `docker stop` needs `-t 15`.
ENV DRAIN_MS=10000
USER 1000:1000
EXPOSE 4000
CMD ["node", "src/main.ts"]

FROM node:26.10.0-bookworm-slim@sha256:662933cf47f013bc8e4beb31a6116448427a82057ba7c42c97e4c5ba766504c2 AS worker
WORKDIR /app
COPY --from=dependencies /app ./
COPY src ./src
COPY workers ./workers
COPY models ./models
USER 1000:1000
CMD ["node", "workers/main.ts"]

# Recipes in Python need Python with venv and pip. Their packages go into .cache, the files of steps into .data.
FROM node:26.10.0-bookworm-slim@sha256:662933cf47f013bc8e4beb31a6116448427a82057ba7c42c97e4c5ba766504c2 AS trainer
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=dependencies-trainer /app ./
COPY src ./src
COPY workers ./workers
COPY models ./models
RUN mkdir .cache .data && chown 1000:1000 .cache .data
USER 1000:1000
CMD ["node", "workers/trainer.ts"]

# ONNX Runtime's CUDA provider needs CUDA 12 and cuDNN 9, which this image has, and the driver of the host.
FROM nvidia/cuda:12.9.1-cudnn-runtime-ubuntu24.04@sha256:d02c4310b6d57ca0b16cd80298bdb33a74187baafe2eccd8a6a16180ddc90802 AS worker-cuda
COPY --from=dependencies /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
COPY --from=dependencies-cuda /app ./
COPY src ./src
COPY workers ./workers
COPY models ./models
USER 1000:1000
CMD ["node", "workers/main.ts"]
