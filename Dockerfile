# Both programs in one image: the worker is what runs by default, sever is for people.

FROM golang:1.26.8-bookworm AS build
WORKDIR /src
ENV CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS="-trimpath -buildvcs=false"

COPY go.mod go.sum ./
RUN go mod download

COPY . .
RUN go build -ldflags="-s -w" -tags timetzdata -o /out/bin/sever ./starter \
 && go build -ldflags="-s -w" -tags timetzdata -o /out/bin/sever-worker ./worker

# What the programs need of a system: certificates, a user with a name, and a folder
# for checkpoints and for credentials to be handed over.
RUN mkdir -p /out/etc/ssl/certs /out/var/lib/sever /out/tmp \
 && cp /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ \
 && echo 'sever:x:65532:65532:Sever:/var/lib/sever:/sbin/nologin' > /out/etc/passwd \
 && echo 'sever:x:65532:' > /out/etc/group \
 && chmod 700 /out/var/lib/sever && chmod 1777 /out/tmp \
 && chown -R 65532:65532 /out/var/lib/sever

# There is no shell in here: whoever breaks into a process that holds the keys to every
# system finds nothing to work with.
FROM scratch
COPY --from=build /out /
ENV PATH=/bin
USER 65532:65532
WORKDIR /var/lib/sever
VOLUME /var/lib/sever
CMD ["sever-worker"]
