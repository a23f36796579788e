# Both base images are arguments without a registry, so that a mirror can be
# put in front of them:
#   docker build --build-arg GO_IMAGE=<mirror>/golang:1.26 --build-arg BASE_IMAGE=<mirror>/distroless/static:nonroot .
ARG GO_IMAGE=golang:1.26
ARG BASE_IMAGE=distroless/static:nonroot

FROM ${GO_IMAGE} AS build
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=dev
WORKDIR /src

# The modules in a layer of their own: they change less often than the code.
COPY go.mod go.sum ./
RUN go mod download

COPY . .
# grpcnotrace: as in the Makefile, half the size.
RUN CGO_ENABLED=0 GOOS=${TARGETOS:-linux} GOARCH=${TARGETARCH} \
    go build -trimpath -buildvcs=false -tags grpcnotrace -ldflags "-s -w -X main.version=${VERSION}" -o /manager .

FROM ${BASE_IMAGE}
WORKDIR /
COPY --from=build /manager /manager
USER 65532:65532
ENTRYPOINT ["/manager"]
