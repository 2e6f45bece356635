// Made by vm/build.sh from vm/vm.c; do not edit. A test rebuilds and compares.

/** Machine code of the VM by architecture, base64. */
export const VM_CODE = {
  x64: 'VVMx20hrw0gxyYuwBBAAAUiNqAAQAAGJ90iLVM0Y0+9AgOcBSIlUzNB0CEiLEkiJVMzQSP/BSIP5BnXbSGOAABAAAUiLfCTQSMHjA0iLdCTYSItUJOCFwHgTTItUJOhMi0Qk8EyLTCT4DwXrOv/ASItNEHUqSCH3SDnXdQ4xwEiJg0AAAARIiQHrMkjHg0AAAAT/////SMcB/////+smSA+v8kiNBD5Ii1UQSImDQAAABEiJAkg9APD//3cIi10I6T////+LXQzpN////w==',
  arm64:
    'CgCC0gkIgNL/wwDRAwCA0gwJgNIKIKDyCYCg8gsAgJJifAyb4QMAkQAAgNJHAAqL5mAAkeUEQLnEeGD4JAAA+agkwBpoAAA2hABA+SQAAPkABACRISAAkR8YAPHh/v9USGhquGbwfdPgB0Cp4gtA+WgB+Dfjk0GpCH1Ak+UXQPkBAADU4QhA+cBoKfggAAD5HwRAsUkBAFQNAAAU4whA+R8FADGBAQBUAAABih8AAuuhAABU32gp+H8AAPnjCEC52P//F8toKfhrAAD54wxAudT//xcgAAKb6///Fw==',
} as const
