FROM node:20-bookworm-slim AS frontend
WORKDIR /diquis/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY frontend ./
RUN npm run build

FROM rust:1.95-bookworm AS executable
WORKDIR /diquis
COPY Cargo.toml Cargo.lock clippy.toml ./
COPY libs libs
COPY app app
COPY --from=frontend /diquis/frontend/dist frontend/dist
RUN cargo build --release --locked --package web-api

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=executable /diquis/target/release/diquis /usr/local/bin/diquis
ENV DIQUIS_LISTEN=0.0.0.0:5000 DIQUIS_DATA_DIR=/home/nonroot/data
EXPOSE 5000
ENTRYPOINT ["diquis"]
CMD ["serve"]
