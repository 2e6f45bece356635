/**
 * include/uapi/linux/reboot.h: reboot(2); inside a pid namespace it ends its init with SIGHUP or SIGINT.
 */

export const LINUX_REBOOT_MAGIC1 = 0xfee1dead
export const LINUX_REBOOT_MAGIC2 = 0x28121969
export const LINUX_REBOOT_CMD_POWER_OFF = 0x4321fedc
export const LINUX_REBOOT_CMD_RESTART = 0x1234567
export const LINUX_REBOOT_CMD_CAD_OFF = 0
