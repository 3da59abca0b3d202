package postgres

import (
	"encoding/json"
	"fmt"
)

// snapshot is what Restore needs to know. It holds no credential: of a password it
// says only whether there was one.
type snapshot struct {
	Version     int          `json:"version"` // of this form
	Role        role         `json:"role"`
	Password    *bool        `json:"password,omitempty"` // nil: we may not know
	Settings    []setting    `json:"settings,omitempty"`
	Memberships []membership `json:"memberships,omitempty"`
	Objects     []object     `json:"objects,omitempty"`
}

const snapshotVersion = 1

// setting is one row of pg_db_role_setting: ALTER ROLE ... [IN DATABASE ...] SET.
type setting struct {
	Database string   `json:"database,omitempty"`
	Values   []string `json:"values"` // name=value
}

const settingsOf = `
select coalesce((select datname::text from pg_database d where d.oid = setdatabase), ''), setconfig
from pg_db_role_setting
where setrole = $1::int8::oid
order by 1`

func (s snapshot) bytes() []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic("postgres: snapshot: " + err.Error()) // strings, numbers and booleans
	}
	return b
}

func readSnapshot(b []byte) (snapshot, error) {
	var s snapshot
	if err := json.Unmarshal(b, &s); err != nil {
		return s, fmt.Errorf("snapshot: %w", err)
	}
	if s.Version != snapshotVersion {
		return s, fmt.Errorf("snapshot: version %d is not one that I know", s.Version)
	}
	return s, nil
}
