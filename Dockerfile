# docker build -t grids .
# docker run --rm -u "$(id -u):$(id -g)" -v "$PWD:/data" grids run cells.h5 -o results
FROM debian:12 AS build
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates nodejs npm
COPY . /grids
RUN /grids/scripts/package.sh /packages

FROM debian:12-slim
COPY --from=build /packages /packages
RUN apt-get update && apt-get install -y --no-install-recommends /packages/grids_*.deb /packages/grids-torch_*.deb /packages/grids-tracks_*.deb && rm -rf /packages /var/lib/apt/lists/*
ENV LANG=C.UTF-8
WORKDIR /data
ENTRYPOINT ["grids"]
