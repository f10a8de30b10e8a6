package command

import (
	"fmt"
	"strings"
)

// What CLUSTER says of the only node that there is with WithClusterRules. Its address is the one
// that connections in memory show; who dials in memory need not care.
const (
	nodeIP   = "127.0.0.1"
	nodePort = 6379
	busPort  = nodePort + 10000
)

// mode is what INFO and HELLO call the server.
func (srv *Server) mode() string {
	if srv.cluster {
		return "cluster"
	}
	return "standalone"
}

// clusterEnabled is what INFO has.
func (c *call) clusterEnabled() int {
	if c.clustered() {
		return 1
	}
	return 0
}

// inCluster is a handler of what a server that is in no cluster refuses.
func inCluster(run func(c *call) Reply) func(c *call) Reply {
	return func(c *call) Reply {
		if !c.clustered() {
			return failed("ERR This instance has cluster support disabled")
		}
		return run(c)
	}
}

// runFixed refuses what would change the cluster.
func runFixed(c *call) Reply {
	return failedf("ERR '%s' is not supported: the cluster is this node, which has all slots", c.cmd.FullName())
}

func runClusterOK(*call) Reply { return ok }

func runClusterInfo(*call) Reply {
	var w infoWriter
	w.lines("cluster_state", "ok", "cluster_slots_assigned", Slots, "cluster_slots_ok", Slots,
		"cluster_slots_pfail", 0, "cluster_slots_fail", 0, "cluster_known_nodes", 1, "cluster_size", 1,
		"cluster_current_epoch", 0, "cluster_my_epoch", 0, "cluster_stats_messages_sent", 0,
		"cluster_stats_messages_received", 0, "total_cluster_links_buffer_limit_exceeded", 0)
	return verbatim(w.String())
}

func runClusterMyID(c *call) Reply { return bulk(c.s.srv.runID()) }

func runClusterNodes(c *call) Reply {
	return verbatim(fmt.Sprintf("%s %s:%d@%d myself,master - 0 0 0 connected 0-%d\n",
		c.s.srv.runID(), nodeIP, nodePort, busPort, Slots-1))
}

func runClusterLinks(*call) Reply { return array() }

func runClusterSlots(c *call) Reply {
	node := array(bulk(nodeIP), integer(nodePort), bulk(c.s.srv.runID()), pairs())
	return array(array(integer(0), integer(Slots-1), node))
}

func runClusterShards(c *call) Reply {
	node := pairs(bulk("id"), bulk(c.s.srv.runID()), bulk("port"), integer(nodePort), bulk("ip"), bulk(nodeIP),
		bulk("endpoint"), bulk(nodeIP), bulk("role"), bulk("master"), bulk("replication-offset"), integer(0),
		bulk("health"), bulk("online"))
	return array(pairs(bulk("slots"), array(integer(0), integer(Slots-1)), bulk("nodes"), array(node)))
}

// ofNode is what there is to say of the node of an id.
func ofNode(c *call, r Reply) Reply {
	if c.args[2] != c.s.srv.runID() {
		return failedf("ERR Unknown node %s", c.args[2])
	}
	return r
}

func runClusterReplicas(c *call) Reply { return ofNode(c, array()) }

func runFailureReports(c *call) Reply { return ofNode(c, integer(0)) }

func runKeySlot(c *call) Reply { return integer(int64(Slot(c.args[2]))) }

func runCountKeysInSlot(c *call) Reply {
	slot, bad := c.int(2)
	switch {
	case bad != nil:
		return *bad
	case slot < 0 || slot >= Slots:
		return failed("ERR Invalid slot")
	}
	keys, err := c.keysInSlot(int(slot))
	return countOr(len(keys), err)
}

func runGetKeysInSlot(c *call) Reply {
	slot, bad := c.int(2)
	if bad != nil {
		return *bad
	}
	most, bad := c.int(3)
	switch {
	case bad != nil:
		return *bad
	case slot < 0 || slot >= Slots || most < 0:
		return failed("ERR Invalid slot or number of keys")
	}
	keys, err := c.keysInSlot(int(slot))
	return textsOr(keys[:min(int64(len(keys)), most)], err)
}

// keysInSlot looks at all keys: Redis keeps lists of them, which every write would pay for here.
func (c *call) keysInSlot(slot int) (keys []string, err error) {
	all, err := c.db.All()
	if err != nil {
		return nil, err
	}
	for key := range all {
		if Slot(key) == slot {
			keys = append(keys, strings.Clone(key))
		}
	}
	return keys, nil
}
