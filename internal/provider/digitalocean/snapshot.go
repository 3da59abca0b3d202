package digitalocean

import (
	"encoding/json"
	"errors"

	"github.com/severhq/sever/internal/access"
)

// snapshot is what Restore needs: the settings of a user as they were, and its pools.
// It has no secrets, and no ids that are others after a change.
type snapshot struct {
	Version  int       `json:"version"`
	Cluster  string    `json:"cluster"`
	Engine   string    `json:"engine"`
	Name     string    `json:"name"`
	MySQL    *mySQL    `json:"mysql_settings,omitempty"`
	Settings *settings `json:"settings,omitempty"`
	Cert     bool      `json:"client_certificate,omitempty"`
	Pools    []pool    `json:"pools,omitempty"`
}

const snapshotVersion = 1

func snapshotOf(c cluster, u user, pools []pool) snapshot {
	s := snapshot{Version: snapshotVersion, Cluster: c.ID, Engine: c.Engine, Name: u.Name, MySQL: u.MySQL, Cert: bool(u.Cert), Pools: pools}
	if u.Settings == nil {
		return s
	}
	kept := *u.Settings
	if all, whole := rulesOf(c.Engine, u.Settings); whole {
		for i := range all {
			all[i].ID = ""
		}
		kept.Topics, kept.Indexes = nil, nil
		if len(all) > 0 {
			kept.Topics, kept.Indexes = settingsWith(c.Engine, all).Topics, settingsWith(c.Engine, all).Indexes
		}
	}
	s.Settings = &kept
	return s
}

func (s snapshot) bytes() []byte {
	b, _ := json.Marshal(s) // plain strings and numbers
	return b
}

// readSnapshot takes the record of one account and of no other.
func readSnapshot(before access.Account, ref access.Ref) (snapshot, error) {
	var s snapshot
	if err := json.Unmarshal(before.Snapshot, &s); err != nil || s.Version != snapshotVersion {
		return s, errors.New("the record of the account cannot be read")
	}
	if s.Cluster != ref.Resource || s.Name != ref.Name || !before.Same(ref) {
		return s, errors.New("the record is of another account")
	}
	return s, nil
}
