"""`emla backup`: everything of an authority in one sealed file."""

from emla.cli.lazy import Entry, LazyGroup

backup = LazyGroup(
    "backup",
    table={
        "key": Entry("backup_key:key", "Make the key that opens backups, on removable media."),
        "create": Entry("backup_create:create", "Make a backup, beside the running server."),
        "verify": Entry("backup_verify:verify", "Look whether a backup is whole."),
        "restore": Entry("backup_restore:restore", "Restore a backup into an empty folder."),
    },
    text="""Backups: database, payloads, documents, keys and settings, sealed to a key that is offline.

A restored folder is not started before the peers were asked what they hold.""",
    example="emla backup create /mnt/backup --to backup.pub.json",
)
