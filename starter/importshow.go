package main

// importChanges is what an import added and changed, for people: some of it line by line,
// and how much there was of each.
type importChanges struct {
	dryRun         bool
	added, changed []string
	unchanged      int
	people         int // whom the file is about
}

func (a *app) showChanges(c importChanges) {
	const most = 40
	list := func(mark string, lines []string) {
		for i, line := range lines {
			if i == most {
				a.out.linef("  … and %d more", len(lines)-most)
				return
			}
			a.out.line(mark + printable(line))
		}
	}
	list(a.out.green("+ "), c.added)
	list(a.out.yellow("~ "), c.changed)
	verb := "Imported"
	if c.dryRun {
		verb = "Dry run, nothing was written"
	}
	a.out.linef("%s: %d added, %d changed, %d unchanged; %s.", verb, len(c.added), len(c.changed), c.unchanged, plural(c.people, "principal", "principals"))
}
