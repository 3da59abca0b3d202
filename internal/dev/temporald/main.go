package main

import _ "go.temporal.io/server/temporal"
import _ "go.temporal.io/server/schema/sqlite"
import _ "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"

func main() {}
