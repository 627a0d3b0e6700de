// Loaded into a process before its program: it ends when the one that started it is gone, even by SIGKILL,
// which nobody else would see to. The program notices nothing of it.

process.once('disconnect', () => process.exit(1))
process.channel?.unref()
